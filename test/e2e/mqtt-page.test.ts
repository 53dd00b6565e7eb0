import { requireBrowser, startBrowser, startTestRelay, type TestRelay } from '@porchlight/testkit';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const chromium = await requireBrowser();

describe.skipIf(chromium.missing !== undefined)(`MQTT in the dashboard ${chromium.missing ?? ''}`, () => {
  let relay: TestRelay;
  let browser: Browser;
  let page: Page;
  let origin: string;
  let device: MqttClient | undefined;

  beforeAll(async () => {
    relay = await startTestRelay();
    const alice = await relay.person('alice', 'admin');
    browser = await startBrowser(chromium.path ?? '');
    const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
    origin = `http://localhost:${relay.port}`;
    const [name = '', value = ''] = alice.cookie.split(/=(.*)/s);
    await context.addCookies([{ name, value, url: origin }]);
    page = await context.newPage();
  });
  afterAll(async () => {
    device?.end(true);
    await browser.close();
    await relay.close();
  });

  it('a device that speaks only MQTT is added, seen while it is connected, and disconnected', async () => {
    await page.goto(`${origin}/add`);
    await page.getByRole('tab', { name: 'It speaks only MQTT' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('shed');
    await page.keyboard.press('Enter');
    await page.getByText('is known, and let in when it comes').waitFor();
    const password = /plm_[\w-]{43}/.exec(await page.locator('main').innerText())?.[0] ?? '';
    const wide = () => page.evaluate('document.documentElement.scrollWidth > innerWidth');
    expect(await wide()).toBe(false);
    const broker = { host: '127.0.0.1', port: relay.relay.ports.mqtt ?? 0, reconnectPeriod: 0 };
    device = await connectAsync({ ...broker, username: 'shed', password, clientId: 'esp-1' });
    await page.getByRole('link', { name: 'To the page of shed' }).click();
    const list = page.getByRole('list', { name: 'Connected over MQTT' });
    await list.getByText('esp-1').waitFor();
    await list.getByText('from 127.0.0.1 by MQTT without TLS').waitFor();
    await page.getByText('none: it speaks only MQTT').waitFor();
    expect(await wide()).toBe(false);
    await page.goto(`${origin}/settings`);
    const ended = new Promise<void>((resolve) => device?.once('close', () => resolve()));
    await page.getByRole('button', { name: 'Disconnect shed: esp-1' }).press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect', exact: true }).press('Enter');
    await ended;
    await page.getByText('Nobody is connected.').waitFor();
    expect(await wide()).toBe(false);
  });
});
