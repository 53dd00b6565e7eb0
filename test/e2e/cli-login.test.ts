import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  requireBrowser,
  runPorchlight,
  startBrowser,
  startPorchlight,
  startTestRelay,
  type TestPerson,
  type TestRelay,
  until,
} from '@porchlight/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const chromium = await requireBrowser();

describe.skipIf(chromium.missing !== undefined)(
  `porchlight login in a real browser ${chromium.missing ?? ''}`,
  () => {
    let folder: string;
    let relay: TestRelay;
    let alice: TestPerson;
    let origin: string;
    let browser: Browser;
    let page: Page;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'porchlight-login-'));
      relay = await startTestRelay();
      alice = await relay.person('alice', 'admin');
      await relay.device(alice, 'robot', {});
      origin = `http://localhost:${relay.port}`;
      browser = await startBrowser(chromium.path ?? '');
      // The system's way to open an address: here it only tells which.
      await writeFile(join(folder, 'open'), `#!/bin/sh\nprintf '%s' "$1" > ${join(folder, 'url')}\n`);
      await chmod(join(folder, 'open'), 0o755);
    });
    beforeEach(async () => {
      const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
      const [name = '', value = ''] = alice.cookie.split('=');
      await context.addCookies([{ name, value, domain: 'localhost', path: '/' }]);
      page = await context.newPage();
      await rm(join(folder, 'url'), { force: true });
    });
    afterAll(async () => {
      await browser?.close();
      await relay?.close();
      await rm(folder, { recursive: true, force: true });
    });

    const env = (config: string) => ({
      ...{ XDG_CONFIG_HOME: join(folder, config), PORCHLIGHT_DATA: join(folder, 'no-agent') },
      BROWSER: join(folder, 'open'),
    });
    const porchlight = (config: string, ...args: string[]) => runPorchlight(args, { env: env(config) });
    const relays = (config: string) => join(folder, config, 'porchlight/relays');
    const tokenFile = async (config: string): Promise<string> => {
      const name = (await readdir(relays(config))).find((each) => each.endsWith('.tokens'));
      return join(relays(config), name ?? 'none');
    };
    const opened = async (): Promise<string> => {
      const read = () => readFile(join(folder, 'url'), 'utf8').catch(() => '');
      await until(async () => (await read()) !== '');
      return read();
    };

    it('asks the person, comes back, and keeps the login for its owner alone', async () => {
      const login = startPorchlight(['login', origin], { env: env('a') });
      await page.goto(await opened());
      await page.getByRole('heading', { name: 'Let Porchlight command line in?' }).waitFor();
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.getByText('You are signed in.').waitFor();
      expect(await login.ended).toEqual({ code: 0, signal: null });
      expect(login.lines.at(-1)).toBe(`Logged in to ${origin} as alice. Next: porchlight devices`);
      expect(await porchlight('a', 'devices', '-q')).toMatchObject({
        code: 0,
        stdout: 'robot\n',
        stderr: '',
      });
      for (const name of await readdir(relays('a'))) {
        expect((await stat(join(relays('a'), name))).mode & 0o777).toBe(0o600);
      }
      expect((await stat(relays('a'))).mode & 0o777).toBe(0o700);
    });

    it('renews what has ended, also when several commands do so at once', async () => {
      const path = await tokenFile('a');
      const before = JSON.parse(await readFile(path, 'utf8'));
      await writeFile(path, JSON.stringify({ ...before, expiresAt: Date.now() - 1000 }));
      const all = await Promise.all(Array.from({ length: 4 }, () => porchlight('a', 'devices', '-q')));
      expect(all.map(({ code, stderr }) => [code, stderr])).toEqual(all.map(() => [0, '']));
      const after = JSON.parse(await readFile(path, 'utf8'));
      expect(after.refreshToken).not.toBe(before.refreshToken);
      expect((await porchlight('a', 'whoami', '-q')).stdout).toBe('alice\n');
    });

    it('is listed among the apps, and ended by logging out, at the relay too', async () => {
      const listed = await porchlight('a', 'apps');
      expect(listed.stdout).toMatch(
        /Porchlight command line +Porchlight +read, write, shell, manage +\d+ s ago/,
      );
      const { accessToken } = JSON.parse(await readFile(await tokenFile('a'), 'utf8'));
      const withToken = () =>
        fetch(`${origin}/api/me`, { headers: { authorization: `Bearer ${accessToken}` } });
      expect((await withToken()).status).toBe(200);
      expect(await porchlight('a', 'logout')).toEqual({
        code: 0,
        stdout: `logged out of ${origin}\n`,
        stderr: '',
      });
      expect((await withToken()).status).toBe(401);
      expect(await readdir(relays('a'))).toEqual([]);
      expect(await porchlight('a', 'devices')).toMatchObject({ code: 4 });
    });

    it('goes by a code on a machine without a browser, narrowed to less by the person', async () => {
      const login = startPorchlight(['login', origin, '--json', '--scope', 'read shell'], {
        env: { ...env('b'), BROWSER: '', DISPLAY: '', WAYLAND_DISPLAY: '' },
      });
      const { url, code } = await login.json((line) => line['state'] === 'pending');
      await page.goto(String(url));
      await page.getByRole('textbox').fill(String(code));
      await page.getByRole('textbox').press('Enter');
      await page.getByRole('checkbox', { name: /^Open shells/ }).uncheck();
      await page.getByRole('button', { name: 'Allow' }).click();
      await login.json((line) => line['state'] === 'logged-in');
      expect(await login.ended).toEqual({ code: 0, signal: null });
      expect((await porchlight('b', 'devices', '-q')).stdout).toBe('robot\n');
      expect(await porchlight('b', 'tcp', 'robot', '22')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('"shell"'),
      });
      expect(await porchlight('b', 'requests')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('"manage"'),
      });
    });

    it('a no is told, and nothing is kept', async () => {
      const login = startPorchlight(['login', origin], { env: env('c') });
      await page.goto(await opened());
      await page.getByRole('button', { name: 'Deny' }).click();
      expect(await login.ended).toEqual({ code: 1, signal: null });
      expect(login.lines.join('\n')).toMatch(/^error: /m);
      expect(await porchlight('c', 'whoami')).toMatchObject({ code: 4 });
    });

    it('Ctrl-C ends the waiting', async () => {
      const login = startPorchlight(['login', origin], { env: env('d') });
      await opened();
      expect(await login.stop('SIGINT')).toEqual({ code: 130, signal: null });
    });
  },
);
