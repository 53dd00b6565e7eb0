import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { requireBrowser, startBrowser, startTestRelay, type TestRelay } from '@porchlight/testkit';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const chromium = await requireBrowser();

describe.skipIf(chromium.missing !== undefined)(`share links and tokens ${chromium.missing ?? ''}`, () => {
  let relay: TestRelay;
  let origin: http.Server;
  let browser: Browser;
  let owner: Page;
  let stranger: BrowserContext;
  let link: string;

  beforeAll(async () => {
    origin = http.createServer((_req, res) => {
      res.setHeader('content-type', 'text/html');
      res.end('<title>Thermometer</title><p>21.5 degrees</p>');
    });
    await once(origin.listen(0, '127.0.0.1'), 'listening');
    relay = await startTestRelay();
    const alice = await relay.person('alice');
    const web = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
    const { id } = await relay.device(alice, 'shed', { web });
    browser = await startBrowser(chromium.path ?? '');
    const [name = '', value = ''] = alice.cookie.split(/=(.*)/);
    const context = await browser.newContext({ viewport: { width: 1100, height: 1000 } });
    await context.addCookies([{ name, value, url: `http://localhost:${relay.port}` }]);
    owner = await context.newPage();
    await owner.goto(`http://localhost:${relay.port}/devices/${id}`);
    stranger = await browser.newContext({ viewport: { width: 360, height: 700 }, colorScheme: 'dark' });
  });

  afterAll(async () => {
    await browser?.close();
    await relay?.close();
    origin?.close();
  });

  it('the owner makes a link with a password, and sees it once', async () => {
    await owner.getByRole('button', { name: 'Share web' }).click();
    await owner.getByLabel('For whom?').fill('the plumber');
    await owner.getByLabel('How often?').fill('1');
    await owner.getByLabel('Password').fill('a porch light');
    await owner.getByRole('button', { name: 'Make the link' }).click();
    const shown = owner.getByText(/\/\.porchlight\/share#plh_/);
    link = (await shown.textContent())?.trim() ?? '';
    expect(link).toMatch(/^http:\/\/web--shed\.localhost:\d+\/\.porchlight\/share#plh_[\w-]{43}$/);
    await owner.getByRole('button', { name: 'Done' }).click();
    await owner.getByRole('list', { name: 'Share links' }).getByText('Not opened yet').waitFor();
  });

  it('a stranger opens it on a phone: the code leaves the address, the password is asked for', async () => {
    const page = await stranger.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      const expected = message.text().includes('Failed to load resource');
      if (message.type() === 'error' && !expected) complaints.push(message.text());
    });
    await page.goto(link);
    expect(page.url()).not.toContain('plh_');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByLabel('Password').fill('a torch');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText('The password is wrong').waitFor();
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBe(360);
    await page.getByLabel('Password').fill('a porch light');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText('21.5 degrees').waitFor();
    expect(complaints).toEqual([]);
  });

  it('revoked on the device page, the stranger is out', async () => {
    await owner.reload();
    await owner.getByText('Opened 1 time').waitFor();
    await owner.getByRole('button', { name: 'Revoke the plumber' }).click();
    await owner.getByRole('button', { name: 'Revoke the link' }).click();
    await owner.getByRole('list', { name: 'Share links' }).waitFor({ state: 'detached' });
    const page = await stranger.newPage();
    const answer = await page.goto(new URL('/', link).href);
    expect([200, 401, 404]).toContain(answer?.status());
    await expect(page.getByText('21.5 degrees').count()).resolves.toBe(0);
  });

  it('an access token for reading one service of one device', async () => {
    await owner.goto(`http://localhost:${relay.port}/settings`);
    await owner.getByRole('button', { name: 'New access token' }).click();
    await owner.getByRole('textbox', { name: 'Name' }).fill('display in the hall');
    await owner.getByLabel('Only those I choose').check();
    await owner.getByRole('checkbox', { name: 'shed' }).check();
    await owner.getByText('All of it').click();
    await owner.getByRole('checkbox', { name: 'web' }).check();
    await owner.getByRole('button', { name: 'Make the token' }).click();
    const token = (await owner.getByText(/^plt_/).textContent())?.trim() ?? '';
    await owner.getByRole('button', { name: 'Done' }).click();
    await owner.getByText('May read at shed (web)').waitFor();
    const ask = (method: string) =>
      relay.visit('web--shed.localhost', '/', { method, headers: { authorization: `Bearer ${token}` } });
    expect((await ask('GET')).body).toContain('21.5 degrees');
    expect((await ask('POST')).status).toBe(403);
  });
});
