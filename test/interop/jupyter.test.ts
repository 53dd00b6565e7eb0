import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PathCheck } from '@porchlight/protocol/api';
import {
  type RunningProgram,
  requireBrowser,
  requireProgram,
  runProgram,
  startBrowser,
  startProgram,
  startTestRelay,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ssh = await requireProgram('ssh', 'openssh-client');
const jupyter = await requireProgram('jupyter-notebook', 'jupyter-notebook');
const chromium = await requireBrowser();
const missing = [ssh, jupyter, chromium].map((one) => one.missing ?? '').join(' ');

const PATHS = 'paths.localhost';
const NOTEBOOK = {
  cells: [
    { cell_type: 'code', execution_count: null, metadata: {}, outputs: [], source: 'print(6 * 7 * 1000)' },
  ],
  metadata: { kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' } },
  nbformat: 4,
  nbformat_minor: 4,
};

/** The robot of the tutorial: a notebook on port 8888, and `ssh -R` to the server; nothing of ours runs on it. */
describe.skipIf(missing.trim() !== '')(`Jupyter behind ssh -R, under /zumi01/ ${missing}`, () => {
  let relay: TestRelay;
  let owner: TestPerson;
  let folder: string;
  let port: number;
  let notebook: RunningProgram;
  let tunnel: RunningProgram | undefined;
  let browser: Browser;
  let device: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porchlight-jupyter-'));
    await writeFile(join(folder, 'wheels.ipynb'), JSON.stringify(NOTEBOOK));
    await runProgram('ssh-keygen', ['-q', '-t', 'rsa', '-b', '4096', '-N', '', '-f', join(folder, 'key')]);
    port = await freePort();
    relay = await startTestRelay();
    owner = await relay.person('alice', 'admin');
    browser = await startBrowser(chromium.path ?? '');
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await tunnel?.stop('SIGKILL');
    await notebook?.stop('SIGKILL');
    await relay?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Starts the notebook; resolves when it listens. */
  async function startNotebook(baseUrl: string): Promise<void> {
    await notebook?.stop('SIGKILL');
    notebook = startProgram(
      jupyter.path ?? '',
      [
        ...['--no-browser', '--allow-root', '--ip=127.0.0.1', `--port=${port}`, '--port-retries=0'],
        ...["--NotebookApp.token=''", "--NotebookApp.password=''", '--NotebookApp.allow_remote_access=True'],
        ...[`--NotebookApp.base_url=${baseUrl}`, `--notebook-dir=${folder}`],
      ],
      {
        cwd: folder,
        env: {
          HOME: folder,
          JUPYTER_RUNTIME_DIR: join(folder, 'runtime'),
          JUPYTER_ALLOW_INSECURE_WRITES: '1',
        },
      },
    );
    await expect
      .poll(() => notebook.lines.some((line) => line.includes('is running at')), { timeout: 60_000 })
      .toBe(true);
  }

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await owner.api(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.body}`);
    return answer.body === '' ? (undefined as T) : JSON.parse(answer.body);
  }

  it('joins with ssh -R 8888 as user zumi01, and its port is an http service', async () => {
    await startNotebook('/');
    tunnel = startProgram(ssh.path ?? '', [
      ...['-N', '-F', '/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
      ...['-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-i', join(folder, 'key')],
      ...['-p', String(relay.relay.ports.ssh), '-R', `8888:localhost:${port}`, 'zumi01@127.0.0.1'],
    ]);
    const request = async (): Promise<{ id: string; code: string } | undefined> =>
      (await call<{ items: { id: string; code: string }[] }>('GET', '/api/join-requests')).items[0];
    await expect.poll(request, { timeout: 20_000 }).toBeDefined();
    const asked = await request();
    const [, code] = /Code ([A-Z0-9-]{19});/.exec(tunnel.lines.join('\n')) ?? [];
    await call('POST', `/api/join-requests/${asked?.id}/allow`, { code, name: 'zumi01' });
    const first = async () =>
      (
        await call<{ items: { id: string; services: { name: string; kind: string }[] }[] }>(
          'GET',
          '/api/devices',
        )
      ).items[0];
    await expect
      .poll(async () => (await first())?.services, { timeout: 20_000 })
      .toMatchObject([{ name: '8888', kind: 'http' }]);
    device = (await first())?.id ?? '';
  });

  it('the check says that it does not know the prefix yet, and what to set', async () => {
    const check = await call<PathCheck>('POST', `/api/devices/${device}/services/8888/check`, {
      prefix: '/zumi01',
    });
    expect(check).toMatchObject({ ok: false, preset: { id: 'jupyter', strip: false } });
    expect(check.preset?.steps.join('\n')).toContain("c.NotebookApp.base_url = '/zumi01/'");
    const stripped = await call<PathCheck>('POST', `/api/devices/${device}/services/8888/check`, {
      ...{ prefix: '/zumi01', strip: true },
    });
    expect(stripped).toMatchObject({ ok: false, preset: { id: 'jupyter' } });
    expect(stripped.findings[0]).toMatchObject({ severity: 'breaks', kind: 'link' });
  });

  it('with base_url set, a kernel runs in a browser that gave a password', async () => {
    await startNotebook('/zumi01/');
    await call('POST', `/api/devices/${device}/paths`, { service: '8888', prefix: '/zumi01' });
    await call('PUT', `/api/devices/${device}/services/8888/users/zumi`, { password: 'wheels and ears' });
    await call('PATCH', `/api/devices/${device}/services/8888`, { access: 'basic' });
    const check = await call<PathCheck>('POST', `/api/devices/${device}/services/8888/check`, {
      prefix: '/zumi01',
    });
    expect(check.findings.filter(({ severity }) => severity === 'breaks')).toEqual([]);
    expect(check).toMatchObject({ ok: true, preset: { id: 'jupyter' } });

    const url = `http://${PATHS}:${relay.port}/zumi01/`;
    const stranger = await relay.visit(PATHS, '/zumi01/');
    expect([stranger.status, stranger.headers['www-authenticate']]).toEqual([
      401,
      'Basic realm="Porchlight /zumi01", charset="UTF-8"',
    ]);

    const context: BrowserContext = await browser.newContext({
      httpCredentials: { username: 'zumi', password: 'wheels and ears' },
    });
    const failed: string[] = [];
    context.on('response', (answer) => {
      if (answer.status() >= 400 && answer.status() !== 401)
        failed.push(`${answer.status()} ${answer.url()}`);
    });
    const list = await context.newPage();
    await list.goto(url);
    await list.waitForURL(`${url}tree*`);
    const [page] = await Promise.all([
      context.waitForEvent('page'),
      list.getByRole('link', { name: 'wheels.ipynb' }).click(),
    ]);
    await page.waitForURL(`${url}notebooks/wheels.ipynb`);
    await page.locator('.kernel_idle_icon').waitFor();
    await page.locator('.CodeMirror').first().click();
    await page.keyboard.press('Shift+Enter');
    await page.locator('.output_area').getByText('42000').waitFor({ timeout: 60_000 });
    const cookies = await context.cookies();
    expect(cookies.length).toBeGreaterThan(0);
    for (const cookie of cookies) expect(cookie).toMatchObject({ domain: PATHS, path: '/zumi01/' });
    // Debian's package asks for widgets that it does not bring.
    expect(failed.filter((one) => !one.includes('/nbextensions/widgets/'))).toEqual([]);
    await context.close();
  }, 180_000);
});

async function freePort(): Promise<number> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
