import { requireBrowser, startBrowser } from '@porchlight/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agree, allowing, authorizePage, basicOf, type HueHome, openHueHome } from './remote-rig.ts';

const chromium = await requireBrowser();

describe.skipIf(chromium.missing !== undefined)(`Hue apps in the console ${chromium.missing ?? ''}`, () => {
  let home: HueHome;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const notice = () => page.getByText('Lamp remote wants to press the link button', { exact: true });

  beforeAll(async () => {
    home = await openHueHome();
    browser = await startBrowser(chromium.path ?? '');
    const context = await browser.newContext({ viewport: { width: 360, height: 800 }, colorScheme: 'dark' });
    const [name = '', value = ''] = home.ann.cookie.split(/=(.*)/);
    await context.addCookies([{ name, value, url: `http://localhost:${home.relay.port}` }]);
    page = await context.newPage();
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  });

  afterAll(async () => {
    await browser?.close();
    await home?.close();
  });

  it('the owner switches the bridge off and on', async () => {
    await page.goto(`http://localhost:${home.relay.port}/devices/${home.device.id}`);
    const off = page.getByTestId('service-hue').getByLabel('Hue apps may use it out of home');
    expect(await off.isChecked()).toBe(true);
    for (const on of [false, true]) {
      await off.click();
      await expect.poll(async () => (await off.isEnabled()) && (await off.isChecked())).toBe(on);
      const device = JSON.parse((await home.ann.api('GET', `/api/devices/${home.device.id}`)).body);
      expect(device.services.find((one: { name: string }) => one.name === 'hue').hueRemote).toBe(on);
    }
    expect(await page.getByTestId('service-web').getByLabel('Hue apps').count()).toBe(0);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });

  it('the owner lets an app in to the bridge', async () => {
    const asked = await home.cloud(
      authorizePage(home.app, 's').pathname + authorizePage(home.app, 's').search,
    );
    await page.goto(asked.headers.location ?? '');
    await page.getByText('Lamp remote', { exact: true }).waitFor();
    expect(await page.getByLabel('hue of home').isChecked()).toBe(true);
    await page.getByLabel(/press the bridge’s link button/).check();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await page.route('https://localhost:8584/**', (route) => route.fulfill({ body: 'The app has it.' }));
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByText('The app has it.').waitFor();
    expect(page.url()).toMatch(/^https:\/\/localhost:8584\/\?(?=.*pkce=0)(?=.*code=)(?=.*state=s)/);
  });

  it('the owner is asked for the link button on whatever page they are', async () => {
    await page.goto(`http://localhost:${home.relay.port}/`);
    await page.getByRole('link', { name: /home/ }).first().waitFor();
    const back = await agree(home, authorizePage(home.app, 's'), allowing(home.device));
    const answer = await home.cloud('/v2/oauth2/token', {
      method: 'POST',
      headers: { authorization: basicOf(home.app), 'content-type': 'application/x-www-form-urlencoded' },
      body: `grant_type=authorization_code&code=${back.searchParams.get('code')}`,
    });
    const { access_token } = JSON.parse(answer.body);
    const press = () =>
      home.cloud('/bridge/0/config', {
        method: 'PUT',
        headers: { authorization: `Bearer ${access_token}` },
        body: '{"linkbutton":true}',
      });
    const pressing = press();
    await notice().waitFor();
    await page.getByRole('button', { name: 'Allow' }).click();
    expect((await pressing).status).toBe(200);
    await notice().waitFor({ state: 'detached' });
    const again = press();
    await notice().waitFor();
    await page.getByRole('button', { name: 'Deny' }).click();
    expect((await again).status).toBe(403);
    expect(complaints).toEqual([]);
  });
});
