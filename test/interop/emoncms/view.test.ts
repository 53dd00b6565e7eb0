import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type RunningProgram,
  requireBrowser,
  requireProgram,
  startBrowser,
  startProgram,
  startTestRelay,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { POINTS, type ScriptedEmoncms, startScriptedEmoncms } from '../../e2e/emoncms-rig.ts';

const CLIENT = join(import.meta.dirname, 'client.py');
const paho = await requireProgram('paho', 'python3-paho-mqtt', {
  folders: ['/usr/lib/python3/dist-packages'],
});
const chromium = await requireBrowser();
const missing = paho.missing ?? chromium.missing;
const shots = process.env['PORCHLIGHT_SHOTS'];

describe.skipIf(missing !== undefined)(`the view of a home with the original client ${missing ?? ''}`, () => {
  let emoncms: ScriptedEmoncms;
  let relay: TestRelay;
  let ann: TestPerson;
  let client: RunningProgram;
  let folder: string;
  let browser: Browser;
  let page: Page;
  /** Address of the list of feeds. */
  let feeds: string;
  const complaints: string[] = [];

  const startClient = async (): Promise<void> => {
    client = startProgram('/usr/bin/python3', [
      ...[CLIENT, 'localhost', String(relay.relay.ports.mqtts), join(folder, 'ca.pem')],
      ...['ann', ann.password, emoncms.url, 'read-key-of-the-home'],
    ]);
    await vi.waitUntil(() => client.lines.includes('subscribed'), { timeout: 10_000 });
  };
  const shot = async (name: string) => {
    if (shots !== undefined) await page.screenshot({ path: `${shots}/emoncms-original-${name}.png` });
  };

  beforeAll(async () => {
    emoncms = await startScriptedEmoncms();
    relay = await startTestRelay();
    ann = await relay.person('ann', 'admin');
    folder = await mkdtemp(join(tmpdir(), 'porchlight-emoncms-'));
    await writeFile(join(folder, 'ca.pem'), (await relay.visit('localhost', '/install/ca.pem')).body);
    await startClient();
    const find = async () => JSON.parse((await ann.api('GET', '/api/devices?search=ann-home')).body).items[0];
    await vi.waitUntil(async () => (await find())?.services[0]?.offered === true, { timeout: 10_000 });
    feeds = `http://localhost:${relay.port}/devices/${(await find()).id}/emoncms?service=emoncms`;
    browser = await startBrowser(chromium.path ?? '');
    const context = await browser.newContext({ viewport: { width: 1100, height: 800 } });
    const [name = '', value = ''] = ann.cookie.split('=');
    await context.addCookies([{ name, value, domain: 'localhost', path: '/' }]);
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
        complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  });
  afterAll(async () => {
    await browser?.close();
    await client?.stop();
    await relay?.close();
    await emoncms?.close();
    await rm(folder, { recursive: true });
    expect(complaints).toEqual([]);
  });

  it('is found in the console, with nothing set up but the client', async () => {
    await page.goto(`http://localhost:${relay.port}/`);
    await page
      .getByRole('link', { name: /ann-home/ })
      .first()
      .click();
    await page.getByText('HTTP over MQTT').waitFor();
    await shot('device');
    await page.getByRole('button', { name: 'Check emoncms now' }).click();
    await page.getByText('emoncms answers', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Feeds' }).click();
    await page.getByRole('heading', { name: 'Power' }).waitFor();
    await page.getByText('solar').waitFor();
    await shot('feeds');
    await page.getByRole('button', { name: 'Inputs' }).click();
    await page.getByText('power1').waitFor();
  });

  it(`draws four feeds with ${POINTS} points each, which come one after the other`, async () => {
    await page.goto(`${feeds}&tab=graph&feeds=1,2,3,4`);
    const lowest = page.getByText(/lowest -1,000/);
    await lowest.nth(3).waitFor();
    await shot('graph');
    expect(client.lines).not.toContain('lost a request');
    for (const name of ['Zoom in', 'Earlier', 'Last 7 days'])
      await page.getByRole('button', { name }).click();
    await lowest.nth(3).waitFor();
    // The home adds its key itself, and nobody else does.
    expect(emoncms.asked.filter((path) => !path.includes('apikey=read-key-of-the-home'))).toEqual([]);
  });

  it('says plainly that the home is offline, and is there again when the client is', async () => {
    await client.stop();
    await page.goto(feeds);
    await page.getByRole('alert').getByText('The device is offline').waitFor();
    await startClient();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('solar').waitFor();
  });

  it('says what silence may mean', async () => {
    emoncms.answer = () => '<html>An error page</html>';
    await page.goto(feeds);
    await page
      .getByRole('alert')
      .getByText(/its access list does not allow this/)
      .waitFor();
    await shot('silent');
    emoncms.answer = undefined;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('solar').waitFor();
  });
});
