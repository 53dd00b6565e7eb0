import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Ask,
  type RunningProgram,
  request,
  requireBrowser,
  runPorchlight,
  startBrowser,
  startPorchlight,
  startTestRelay,
  type TestRelay,
  until,
} from '@porchlight/testkit';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

const chromium = await requireBrowser();
const PASSWORD = 'a lamp at the door';
let folder: string;
let relay: TestRelay;
let agent: RunningProgram;
let page: { url: string; claimCode: string };
const local = createServer((req, res) => res.end(`local ${req.url}`));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-settings-'));
  await new Promise<void>((resolve) => local.listen(0, '127.0.0.1', resolve));
  relay = await startTestRelay();
  agent = startPorchlight(['agent', 'run', '--settings', '127.0.0.1:0'], {
    env: { PORCHLIGHT_DATA: folder },
  });
  page = (await agent.json((line) => line['msg'] === 'settings page')) as unknown as typeof page;
});
afterAll(async () => {
  await agent.stop();
  await relay.close();
  local.close();
  await rm(folder, { recursive: true });
});

const ask = (path: string, more: Ask = {}) => {
  const { port } = new URL(page.url);
  return request({ port: Number(port), host: `127.0.0.1:${port}`, path, ...more });
};

test('until it is claimed the page shows and does nothing', async () => {
  const shown = await ask('/access');
  expect(shown.body).toContain('Claim this page');
  expect(shown.body).not.toContain('textarea');
  const told = await runPorchlight(['agent', 'settings', '--json'], { env: { PORCHLIGHT_DATA: folder } });
  expect(JSON.parse(told.stdout)).toEqual({ url: page.url, claimCode: page.claimCode });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const origin = page.url.slice(0, -1);
  const post = (path: string, body: string, headers: Record<string, string> = { origin }) =>
    ask(path, { method: 'POST', headers: { ...form, ...headers }, body });
  expect((await post('/pause', '')).status).toBe(403);
  expect((await post('/claim', 'code=XXXX-XXXX&password=aaaaaaaaaaaa')).body).toContain('not the code');
  expect((await post('/claim', `code=${page.claimCode}&password=short`)).body).toContain('10 to 200');
  for (const headers of [{}, { origin: 'http://evil.example' }, { origin, 'sec-fetch-site': 'cross-site' }]) {
    const answer = await post('/claim', `code=${page.claimCode}&password=aaaaaaaaaaaa`, headers);
    expect(answer).toMatchObject({ status: 403, body: expect.stringContaining('this page itself') });
  }
  const { port } = new URL(page.url);
  const rebound = await request({ port: Number(port), host: `evil.example:${port}`, path: '/' });
  expect(rebound.status).toBe(421);
});

test.skipIf(chromium.missing !== undefined)(
  `it is claimed and used in a browser ${chromium.missing ?? ''}`,
  async () => {
    const ann = await relay.person('ann');
    const browser = await startBrowser(chromium.path ?? '');
    onTestFinished(() => browser.close());
    const tab = await browser.newPage();
    tab.setDefaultTimeout(10_000);
    const trouble: string[] = [];
    tab.on('console', (message) => void (message.type() === 'error' && trouble.push(message.text())));
    await tab.goto(page.url);
    await tab.getByLabel('Code').fill(page.claimCode);
    await tab.getByLabel('New password').fill(PASSWORD);
    await tab.getByRole('button', { name: 'Claim' }).click();
    await tab.getByText('has joined no relay yet').waitFor();

    await tab.getByLabel('Address of the relay').fill(`http://localhost:${relay.port}`);
    await tab.getByLabel('Name of this device').fill('pi');
    await tab.getByLabel('Account').fill('ann');
    await tab.getByLabel('Its password').fill('wrong password');
    await tab.getByRole('button', { name: 'Verify & save' }).click();
    await tab.getByText('Not joined: the relay refused: Name or password is wrong').waitFor();
    await tab.getByLabel('Address of the relay').fill(`http://localhost:${relay.port}`);
    await tab.getByLabel('Name of this device').fill('pi');
    await tab.getByLabel('Account').fill('ann');
    await tab.getByLabel('Its password').fill(ann.password);
    await tab.getByRole('button', { name: 'Verify & save' }).click();
    await tab.getByText(/^Linked to .* as pi/).waitFor();

    await tab.getByRole('link', { name: 'Services' }).click();
    const { port } = local.address() as AddressInfo;
    await tab.getByLabel('Name').fill('web');
    await tab.getByLabel('Leads to').fill(`http://127.0.0.1:${port}`);
    await tab.getByRole('button', { name: 'Add' }).click();
    await tab.getByRole('cell', { name: `http://127.0.0.1:${port}` }).waitFor();

    await tab.getByRole('link', { name: 'Access' }).click();
    await tab.getByText('Set it up').click();
    await tab.getByLabel('Read key').fill('a1'.repeat(16));
    await tab.getByRole('button', { name: 'Set up', exact: true }).click();
    await tab.getByRole('rowheader', { name: 'feed/list', exact: true }).waitFor();
    await tab.locator('input[name=path]').fill('/feed/list.json');
    await tab.locator('select[name=service]').selectOption('emoncms');
    await tab.getByRole('button', { name: 'Try' }).click();
    await tab.getByText(/^Allowed, by line/).waitFor();
    expect(await tab.content()).not.toContain('a1a1a1');

    await tab.getByRole('link', { name: 'Activity' }).click();
    await tab.getByRole('button', { name: 'Pause' }).click();
    await tab.getByText('Paused: nobody gets in').waitFor();
    await tab.getByRole('button', { name: 'Let people in again' }).click();
    await tab.getByText('People get in as the policy allows').waitFor();

    await tab.setViewportSize({ width: 360, height: 700 });
    for (const path of ['', 'services', 'access', 'activity']) {
      await tab.goto(`${page.url}${path}`);
      expect(await tab.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    }
    await tab.getByRole('button', { name: 'Sign out' }).click();
    await tab.getByLabel('Password').fill('not this one');
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.getByText('That is not the password.').waitFor();
    await tab.getByLabel('Password').fill(PASSWORD);
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.getByText(/^Linked to/).waitFor();
    // The browser itself tells of an answer with 403, which a wrong password has.
    expect(trouble.filter((text) => !text.includes('403'))).toEqual([]);
    const kept = await readFile(join(folder, 'settings-page.json'), 'utf8');
    expect(kept).not.toContain(PASSWORD);
  },
);

test('another relay is asked while the link to the present one stays up, and then takes the device over', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded', origin: page.url.slice(0, -1) };
  const entered = await ask('/sign-in', {
    method: 'POST',
    headers: form,
    body: `password=${encodeURIComponent(PASSWORD)}`,
  });
  const cookie = entered.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  const shown = await ask('/', { headers: { cookie } });
  const token = /name="form-token" value="([^"]+)"/.exec(shown.body)?.[1] ?? '';
  const other = await startTestRelay();
  onTestFinished(() => other.close());
  const bob = await other.person('bob', 'admin');
  const wish = new URLSearchParams({
    'form-token': token,
    url: `http://localhost:${other.port}`,
    name: 'pi',
  });
  await ask('/join', { method: 'POST', headers: { ...form, cookie }, body: wish.toString() });
  let request: { id: string; code: string } | undefined;
  await until(async () => {
    request = JSON.parse((await bob.api('GET', '/api/join-requests')).body).items[0];
    return request !== undefined;
  });
  expect(relay.relay.links.size).toBe(1);
  await bob.api('POST', `/api/join-requests/${request?.id}/allow`, { code: request?.code, name: 'pi' });
  await until(async () => other.relay.links.size === 1);
  await until(async () => relay.relay.links.size === 0);
});

test('a damaged password file is told, and the page is not open for everybody', async () => {
  await writeFile(join(folder, 'settings-page.json'), '{}');
  const run = await runPorchlight(['agent', 'run', '--settings', '127.0.0.1:0'], {
    env: { PORCHLIGHT_DATA: folder },
  });
  expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('is damaged') });
});
