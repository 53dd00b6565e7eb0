import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  requireBrowser,
  startBrowser,
  startTestRelay,
  type TestDevice,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const chromium = await requireBrowser();
const PATHS = 'paths.localhost';

/** Pages of a device that minds its prefix as little as most do, and one that wants more than its own. */
function startPages(): Promise<Server> {
  const server = createServer((req, res) => {
    const script = req.url?.endsWith('.js') === true;
    res.setHeader('content-type', script ? 'text/javascript' : 'text/html');
    res.setHeader('service-worker-allowed', '/');
    res.setHeader('set-cookie', [`at=${req.url}; Path=/`, 'wide=1; Path=/; Domain=localhost']);
    res.end(
      script
        ? ''
        : `<title>Robot</title><a href="/about">About</a><p id=c>${req.headers.cookie ?? 'none'}</p>`,
    );
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

describe.skipIf(chromium.missing !== undefined)(`paths in a real browser ${chromium.missing ?? ''}`, () => {
  let relay: TestRelay;
  let owner: TestPerson;
  let robot: TestDevice;
  let pages: Server;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    pages = await startPages();
    relay = await startTestRelay();
    owner = await relay.person('alice', 'admin');
    const { port } = pages.address() as AddressInfo;
    robot = await relay.device(owner, 'robot', { web: `http://127.0.0.1:${port}` });
    browser = await startBrowser(chromium.path ?? '');
    context = await browser.newContext({ viewport: { width: 360, height: 740 } });
    const [name = '', value = ''] = owner.cookie.split('=');
    await context.addCookies([{ name, value, url: `http://localhost:${relay.port}` }]);
    page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  });
  afterAll(async () => {
    await browser?.close();
    await relay?.close();
    pages?.close();
  });

  it('the dashboard publishes, after a check, on a phone', async () => {
    await page.goto(`http://localhost:${relay.port}/devices/${robot.id}`);
    await page.getByRole('button', { name: 'Publish under a path…' }).click();
    await page.getByRole('textbox', { name: 'Path' }).fill('robot/one');
    await page.getByLabel('What the device gets').selectOption('removed');
    await page.getByRole('button', { name: 'Check first' }).click();
    await page.getByText('1 thing breaks under /robot/one/').waitFor();
    await page.getByText('<a href="/about">').waitFor();
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    const paths = page.getByRole('list', { name: 'Paths of web' });
    await paths.getByText('prefix removed').waitFor();
    await page.getByRole('button', { name: 'Leave unchanged' }).click();
    await paths.getByText('path unchanged').waitFor();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });

  it('and keeps users with passwords', async () => {
    await page.getByLabel('Who may open web?').selectOption('basic');
    await page.getByLabel('User name').fill('ann');
    await page.getByLabel('Password', { exact: true }).fill('robot wheels');
    await page.getByRole('button', { name: 'Set the password' }).click();
    await page.getByRole('button', { name: 'Users and passwords…' }).click();
    await page.getByLabel('User name').fill('ben');
    await page.getByLabel('Password', { exact: true }).fill('other wheels');
    await page.getByRole('button', { name: 'Add the user' }).click();
    await page.getByRole('button', { name: 'Remove ann' }).click();
    await page.getByRole('button', { name: 'Remove ann' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Done' }).click();
    expect(complaints).toEqual([]);
    const visit = await browser.newContext({
      httpCredentials: { username: 'ben', password: 'other wheels' },
    });
    const opened = await visit.newPage();
    expect((await opened.goto(`http://${PATHS}:${relay.port}/robot/one/`))?.status()).toBe(200);
    await visit.close();
  });

  it('a page gets no cookie and no service worker beyond its prefix', async () => {
    await owner.api('PATCH', `/api/devices/${robot.id}/services/web`, { access: 'public' });
    await owner.api('POST', `/api/devices/${robot.id}/paths`, { service: 'web', prefix: '/other' });
    const base = `http://${PATHS}:${relay.port}`;
    const visit = await browser.newContext();
    const opened = await visit.newPage();
    await opened.goto(`${base}/robot/one/`);
    await opened.goto(`${base}/robot/one/again`);
    expect(await opened.textContent('#c')).toBe('at=/robot/one/');
    const registered = await opened.evaluate(async () => {
      const outcome = (scope: string) =>
        navigator.serviceWorker.register('sw.js', { scope }).then(
          ({ scope: got }) => new URL(got).pathname,
          (error: Error) => error.name,
        );
      return [await outcome('/'), await outcome('/robot/one/')];
    });
    expect(registered).toEqual(['SecurityError', '/robot/one/']);
    await opened.goto(`${base}/other/`);
    expect(await opened.textContent('#c')).toBe('none');
    await visit.close();
  });
});
