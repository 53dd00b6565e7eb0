import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  type RunningProgram,
  requireBrowser,
  runPorchlight,
  startBrowser,
  startPorchlight,
  startTestRelay,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, test, vi } from 'vitest';

// Each test starts several programs, on a machine that may have other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const chromium = await requireBrowser();
const PASSWORD = 'a lamp at the door';
let folder: string;
let relay: TestRelay;
let ann: TestPerson;
let agent: RunningProgram;
let page: { url: string; claimCode: string };
let credential: string;
const data = () => join(folder, 'agent');
const env = () => ({ PORCHLIGHT_DATA: data() });
const run = (...args: string[]) => runPorchlight(['agent', ...args], { env: env() });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-settings-link-'));
  relay = await startTestRelay();
  ann = await relay.person('ann', 'admin');
  await writeFile(join(folder, 'ann'), ann.password);
  const url = `http://localhost:${relay.port}`;
  const joined = await run(
    ...['join', url, '--name', 'pi', '--account', 'ann', '--password-file', join(folder, 'ann')],
  );
  expect(joined).toMatchObject({ code: 0, stderr: '' });
  expect((await run('settings', 'listen', '127.0.0.1:0')).code).toBe(0);
  agent = startPorchlight(['agent', 'run'], { env: { ...env(), PORCHLIGHT_SETTINGS: '' } });
  page = (await agent.json((line) => line['msg'] === 'settings page')) as unknown as typeof page;
  const device = JSON.parse((await ann.api('GET', '/api/devices?search=pi')).body).items[0];
  const made = await ann.api('POST', `/api/devices/${device.id}/mqtt-credentials`, { name: 'agent' });
  credential = JSON.parse(made.body).password;
});
afterAll(async () => {
  await agent.stop();
  await relay.close();
  await rm(folder, { recursive: true });
});

interface Sent {
  readonly host?: string;
  readonly from?: string;
  readonly headers?: Record<string, string>;
  readonly form?: Record<string, string>;
}

/** A request to the page, from any address of this machine and under any name. */
async function ask(path: string, { host, from = '127.0.0.1', headers = {}, form }: Sent = {}) {
  const own = new URL(page.url).host;
  const body = form === undefined ? undefined : new URLSearchParams(form).toString();
  const sent = http.request({
    ...{ host: '127.0.0.1', port: new URL(page.url).port, localAddress: from, path, agent: false },
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      host: host ?? own,
      ...(body === undefined
        ? {}
        : { origin: `http://${host ?? own}`, 'content-type': 'application/x-www-form-urlencoded' }),
      ...headers,
    },
  });
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject);
  });
  sent.end(body);
  const answer = await answered;
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

async function signIn(sent: Sent & { form: Record<string, string> }, path = '/sign-in') {
  const entered = await ask(path, sent);
  const cookie = entered.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  const token = /name="form-token" value="([^"]+)"/.exec((await ask('/', { headers: { cookie } })).body);
  return { cookie, token: token?.[1] ?? '' };
}

const status = async () => JSON.parse((await run('status', '--json')).stdout).link;

test.skipIf(chromium.missing !== undefined)(
  `MQTT is set up, tried first, and left again, in a browser ${chromium.missing ?? ''}`,
  async () => {
    const browser = await startBrowser(chromium.path ?? '');
    onTestFinished(() => browser.close());
    const tab = await browser.newPage();
    tab.setDefaultTimeout(30_000);
    await tab.goto(page.url);
    await tab.getByLabel('Code').fill(page.claimCode);
    await tab.getByLabel('New password').fill(PASSWORD);
    await tab.getByRole('button', { name: 'Claim' }).click();
    await tab.getByText(/^Linked to localhost as pi over SSH/).waitFor();

    await tab.getByRole('link', { name: 'By MQTT alone' }).click();
    const address = `mqtts://localhost:${relay.relay.ports.mqtts}`;
    const send = async (fields: { url?: string; password?: string; ca?: string }): Promise<void> => {
      await tab.getByLabel('Address for MQTT').fill(fields.url ?? address);
      await tab.getByLabel('User: the name').fill('pi');
      if (fields.password !== undefined) {
        await tab.getByLabel('Password', { exact: true }).fill(fields.password);
      }
      if (fields.ca !== undefined) {
        await tab.locator('form[action="/mqtt"] details').evaluate((one) => one.setAttribute('open', ''));
        await tab.locator('form[action="/mqtt"] textarea[name=ca]').fill(fields.ca);
      }
      await tab.locator('form[action="/mqtt"]').getByRole('button', { name: 'Verify & save' }).click();
    };
    const ca = (await relay.visit('localhost', '/install/ca.pem')).body;
    await send({ password: credential });
    await tab.getByText(/^Not saved: the certificate of .* Linked to localhost as pi over SSH/).waitFor();
    await send({ password: 'plm_wrong', ca });
    await tab.getByText(/^Not saved: .*user or password is wrong.* Linked to .* over SSH/).waitFor();
    expect(await readFile(join(data(), 'agent.yaml'), 'utf8')).not.toContain('mqtt');
    await expect(stat(join(data(), 'mqtt-password'))).rejects.toThrow('ENOENT');
    await send({ password: credential, ca });
    await tab.getByText(/^Linked to localhost as pi over MQTT/).waitFor();
    expect(await status()).toMatchObject({ state: 'up', transport: 'mqtt' });
    expect(await tab.content()).not.toContain(credential);
    expect(await readFile(join(data(), 'agent.yaml'), 'utf8')).not.toContain(credential);
    expect((await stat(join(data(), 'mqtt-password'))).mode & 0o777).toBe(0o600);

    // The kept password goes where it went before, and nowhere else.
    await send({});
    await tab.getByText(/^Linked to localhost as pi over MQTT/).waitFor();
    await send({ url: `mqtt://127.0.0.1:${relay.relay.ports.mqtt}` });
    await tab.getByText(/^Not saved: the password is missing.* over MQTT/).waitFor();

    await tab.getByRole('link', { name: 'By SSH' }).click();
    await tab.getByRole('button', { name: 'Go back to SSH' }).click();
    await tab.getByText(/^Linked to localhost as pi over SSH/).waitFor();
    await expect(stat(join(data(), 'mqtt-password'))).rejects.toThrow('ENOENT');
    for (const way of ['ssh', 'mqtt']) {
      await tab.setViewportSize({ width: 360, height: 700 });
      await tab.goto(`${page.url}?way=${way}`);
      expect(await tab.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    }
  },
);

describe('whoever is not the owner', () => {
  it('guesses for a moment, and the owner is let in meanwhile', async () => {
    await run('settings', 'reset-password');
    const { claimCode } = JSON.parse((await run('settings', '--json')).stdout);
    const form = { code: 'AAAA-AAAA', password: 'x' };
    const statuses: unknown[] = [];
    for (let n = 0; n < 7; n += 1) statuses.push((await ask('/claim', { from: '127.0.0.66', form })).status);
    expect(statuses).toEqual([403, 403, 403, 403, 403, 429, 429]);
    const refused = await ask('/claim', {
      from: '127.0.0.66',
      form: { code: claimCode, password: PASSWORD },
    });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    const { cookie } = await signIn({ form: { code: claimCode, password: PASSWORD } }, '/claim');
    expect((await ask('/', { headers: { cookie } })).body).toContain('How this device links');
  });

  it('cannot use the session of the owner from another page, by another name, or without the form', async () => {
    const { cookie, token } = await signIn({ form: { password: PASSWORD } });
    const form = { 'form-token': token };
    const tell = async (sent: Sent) => (await ask('/pause', { ...sent, form: sent.form ?? form })).status;
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: page.url.slice(0, -1).replace(/:\d+$/, ':80') },
      { origin: page.url.slice(0, -1), 'sec-fetch-site': 'cross-site' },
      { origin: page.url.slice(0, -1), 'sec-fetch-site': 'same-site' },
    ]) {
      expect(await tell({ headers: { cookie, ...headers } })).toBe(403);
    }
    expect(await tell({ headers: { cookie }, form: {} })).toBe(403);
    expect(await tell({ headers: { cookie }, form: { 'form-token': `${token.slice(0, -1)}!` } })).toBe(403);
    const port = new URL(page.url).port;
    for (const host of [
      `evil.example:${port}`,
      'pi.evil.example',
      `127.0.0.1.nip.example:${port}`,
      'local',
    ]) {
      expect([host, await tell({ host, headers: { cookie } })]).toEqual([host, 421]);
      expect((await ask('/status.json', { host, headers: { cookie } })).status).toBe(421);
    }
    const shown = await ask('/status.json', { headers: { cookie, origin: 'http://evil.example' } });
    expect(shown.headers).not.toHaveProperty('access-control-allow-origin');
    expect(shown.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(shown.headers['cross-origin-resource-policy']).toBe('same-origin');
    expect(JSON.parse((await run('status', '--json')).stdout).paused).toBe(false);
    expect(await tell({ headers: { cookie } })).toBe(303);
    expect((await run('resume')).code).toBe(0);
  });

  it('puts no markup into the page by what is asked of the device', async () => {
    const { cookie, token } = await signIn({ form: { password: PASSWORD } });
    const nasty = '"><script>alert(1)</script>';
    const form = { 'form-token': token, url: nasty, user: nasty, password: 'x' };
    const answer = await ask('/mqtt', { headers: { cookie }, form });
    const after = await ask('/?way=mqtt', { headers: { cookie } });
    for (const { body } of [answer, after]) expect(body).not.toContain('<script>alert');
    await expect
      .poll(async () => (await ask('/', { headers: { cookie } })).body, { timeout: 15_000 })
      .toContain('Not saved: &quot;');
  });
});

describe('from the command line', () => {
  it('a new code takes the place of the password, and everybody is signed out', async () => {
    const { cookie } = await signIn({ form: { password: PASSWORD } });
    const reset = await run('settings', 'reset-password', '--json');
    expect(reset.code).toBe(0);
    const { url, claimCode } = JSON.parse(reset.stdout);
    expect([url, claimCode]).toEqual([page.url, expect.stringMatching(/^....-....$/)]);
    expect((await ask('/', { headers: { cookie } })).body).toContain('Claim this page');
    expect((await ask('/sign-in', { form: { password: PASSWORD } })).status).toBe(403);
    const entered = await signIn({ form: { code: claimCode, password: PASSWORD } }, '/claim');
    expect(entered.token).not.toBe('');
    expect(JSON.parse((await run('settings', '--json')).stdout)).toEqual({ url: page.url });
  });

  it('the policy is checked, kept and shown', async () => {
    const file = join(folder, 'policy');
    await writeFile(file, 'service web\n  allow GET /**\n');
    expect(await run('policy', 'save', file)).toMatchObject({ code: 0, stdout: 'It is in force now.\n' });
    expect((await run('policy', 'show')).stdout).toBe('service web\n  allow GET /**\n');
    await writeFile(file, 'service web\n  whatever');
    const refused = await run('policy', 'save', file);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('not saved: line 2');
    expect((await run('policy', 'show')).stdout).toContain('allow GET');
    await writeFile(file, '');
    expect((await run('policy', 'save', file)).code).toBe(0);
  });
});

it('reached through the relay it takes its owner in, under the name that the relay gives it and no other', async () => {
  const port = new URL(page.url).port;
  expect(await run('expose', 'settings', page.url)).toMatchObject({ code: 0, stderr: '' });
  const host = 'settings--pi.localhost';
  const { cookie: own, token } = await signIn({ form: { password: PASSWORD } });
  expect((await ask('/', { host: `web--pi.localhost:${relay.port}` })).status).toBe(421);
  await expect
    .poll(async () => (await ask('/', { host: `${host}:${relay.port}` })).status, { timeout: 15_000 })
    .toBe(200);
  const visitor = await relay.signOn(ann, host);
  const cookie = `${visitor}; ${own}`;
  const origin = `http://${host}:${relay.port}`;
  const shown = await relay.visit(host, '/', { headers: { cookie } });
  expect(shown).toMatchObject({ status: 200, body: expect.stringContaining('How this device links') });
  const changed = await relay.visit(host, '/pause', {
    method: 'POST',
    headers: {
      ...{ cookie, origin, 'sec-fetch-site': 'same-origin' },
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ 'form-token': token }).toString(),
  });
  expect([changed.status, port]).toEqual([303, new URL(page.url).port]);
  expect((await run('resume')).code).toBe(0);
});
