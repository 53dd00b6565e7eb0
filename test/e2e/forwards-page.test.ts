import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { requireBrowser, startBrowser, startTestRelay, type TestRelay } from '@porchlight/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const chromium = await requireBrowser();

describe.skipIf(chromium.missing !== undefined)(`forwards in the dashboard ${chromium.missing ?? ''}`, () => {
  let relay: TestRelay;
  let browser: Browser;
  let page: Page;
  let echo: net.Server;
  let origin: string;
  let deviceId: string;

  beforeAll(async () => {
    relay = await startTestRelay({ forwardsMaxMinutes: '120' });
    const alice = await relay.person('alice', 'admin');
    echo = net.createServer((socket) => socket.on('error', () => undefined).pipe(socket));
    await once(echo.listen(0, '127.0.0.1'), 'listening');
    const target = `tcp://127.0.0.1:${(echo.address() as AddressInfo).port}`;
    deviceId = (await relay.device(alice, 'robot', { echo: target })).id;
    browser = await startBrowser(chromium.path ?? '');
    const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
    origin = `http://localhost:${relay.port}`;
    const [name = '', value = ''] = alice.cookie.split(/=(.*)/s);
    await context.addCookies([{ name, value, url: origin }]);
    page = await context.newPage();
  });
  afterAll(async () => {
    await browser.close();
    await relay.close();
    echo.close();
  });

  it('one is asked for by keyboard, used, seen on both pages as it is used, and closed', async () => {
    await page.goto(`${origin}/devices/${deviceId}`);
    await page.getByRole('button', { name: 'Forward a port…' }).press('Enter');
    const form = page.getByRole('dialog');
    expect(await form.getByLabel('For', { exact: true }).locator('option').allTextContents()).toEqual([
      ...['10 minutes', '1 hour', '2 hours'],
    ]);
    await form.getByLabel('Who may connect').fill('127.0.0.0/40');
    await page.keyboard.press('Enter');
    await form.getByText('"127.0.0.0/40" is no address or block').waitFor();
    await form.getByLabel('Who may connect').fill('127.0.0.0/8');
    await page.keyboard.press('Enter');
    const card = page.getByTestId('forward');
    const [, port] = /localhost:(\d+)/.exec(await card.locator('code').innerText()) ?? [];
    const socket = net.connect(Number(port), '127.0.0.1');
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    await card.getByText('1 connection now, 1 in all').waitFor();
    await page.goto(`${origin}/forwards`);
    await card.getByText('For 127.0.0.0/8 only, on the relay itself').waitFor();
    await card.getByText('1 connection now').waitFor();
    const overflow = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
    expect(overflow).toBe(false);
    const ended = once(socket.resume(), 'close');
    await page.getByRole('button', { name: 'Close robot, echo' }).press('Enter');
    await page.getByText('No forwards').waitFor();
    await ended;
  });
});
