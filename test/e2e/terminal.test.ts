import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  openWebSocket,
  requireBrowser,
  requireProgram,
  runProgram,
  startBrowser,
  startProgram,
  startTestRelay,
  type TestDevice,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const chromium = await requireBrowser();
const sshd = await requireProgram('sshd', 'openssh-server');
const asRoot = process.getuid?.() === 0;
const missing = chromium.missing ?? sshd.missing ?? (asRoot ? undefined : 'needs root for a user of its own');

describe.skipIf(missing !== undefined)(
  `the terminal in a real browser, to a real sshd ${missing ?? ''}`,
  () => {
    /** A user of this machine for the time of the test. */
    const user = `porchtest${process.pid}`;
    const password = randomBytes(9).toString('base64url');
    let folder: string;
    let stopSshd: () => Promise<void>;
    let sshPort: number;
    let relay: TestRelay;
    let owner: TestPerson;
    let device: TestDevice;
    let browser: Browser;
    let context: BrowserContext;
    let page: Page;
    const complaints: string[] = [];

    /** Runs a program that has to work; what it said. */
    const must = async (program: string, ...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await runProgram(program, args);
      if (code !== 0) throw new Error(`${program}: ${stderr}`);
      return stdout.trim();
    };

    const startSshd = async (hostKey: string): Promise<() => Promise<void>> => {
      const config = join(folder, 'sshd_config');
      const lines = [
        `Port ${sshPort}`,
        'ListenAddress 127.0.0.1',
        `HostKey ${join(folder, hostKey)}`,
        `PidFile ${join(folder, 'pid')}`,
        'UsePAM no',
        'PasswordAuthentication yes',
        'KbdInteractiveAuthentication no',
        'StrictModes no',
        `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
      ];
      await writeFile(config, `${lines.join('\n')}\n`);
      const child = spawn(sshd.path ?? '', ['-D', '-e', '-f', config], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      await new Promise<void>((resolve, reject) => {
        let said = '';
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          if (said.includes('Server listening')) resolve();
        });
        child.once('exit', () => reject(new Error(said)));
      });
      return async () => {
        child.removeAllListeners('exit');
        const gone = once(child, 'exit');
        child.kill();
        await gone;
      };
    };

    beforeAll(async () => {
      folder = await mkdtemp('/tmp/porchlight-terminal-');
      await must('chmod', '755', folder);
      await must('mkdir', '-p', '/run/sshd');
      const hash = await must('openssl', 'passwd', '-6', password);
      await must('useradd', '-d', '/tmp', '-M', '-s', '/bin/sh', '-p', hash, user);
      for (const name of ['host', 'host2'])
        await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name));
      await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', 'a pass phrase', '-f', join(folder, 'own'));
      await writeFile(join(folder, 'authorized_keys'), await readFile(join(folder, 'own.pub')));
      const probe = net.createServer().listen(0, '127.0.0.1');
      await once(probe, 'listening');
      sshPort = (probe.address() as AddressInfo).port;
      probe.close();
      stopSshd = await startSshd('host');
      relay = await startTestRelay();
      owner = await relay.person('alice', 'admin');
      device = await relay.device(owner, 'router', { ssh: `tcp://127.0.0.1:${sshPort}` });
      browser = await startBrowser(chromium.path ?? '');
    });

    beforeEach(async () => {
      await context?.close();
      context = await browser.newContext({ viewport: { width: 1100, height: 700 } });
      const [name = '', value = ''] = owner.cookie.split('=');
      await context.addCookies([{ name, value, domain: 'localhost', path: '/' }]);
      await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: origin() });
      page = await context.newPage();
      page.setDefaultTimeout(10_000);
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
          complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
    });

    afterAll(async () => {
      await browser?.close();
      await relay?.close();
      await stopSshd?.();
      await must('userdel', '-f', user);
      await rm(folder, { recursive: true, force: true });
    });

    const origin = (): string => `http://localhost:${relay.port}`;
    const screen = () => page.locator('.xterm-rows');

    /** From the device's page to the question about its key. */
    const begin = async (secret: string): Promise<void> => {
      await page.goto(`${origin()}/devices/${device.id}`);
      await page.getByRole('link', { name: 'Terminal' }).click();
      await page.getByLabel('User on the device').fill(user);
      await page.getByLabel('Password').fill(secret);
      await page.getByRole('button', { name: 'Connect' }).click();
    };
    const shell = async (): Promise<void> => {
      await begin(password);
      await page.getByRole('button', { name: 'Yes, go on' }).click();
      await screen().getByText('$').first().waitFor();
    };
    const run = async (command: string): Promise<void> => {
      await page.keyboard.type(command);
      await page.keyboard.press('Enter');
    };

    it('signs in with a password after the fingerprint was taken, and runs a command', async () => {
      await begin(password);
      const fingerprint = (await must('ssh-keygen', '-lf', join(folder, 'host.pub'))).split(' ')[1];
      await page.getByText(fingerprint ?? 'none').waitFor();
      await page.getByRole('button', { name: 'Yes, go on' }).click();
      await screen().getByText('$').first().waitFor();
      await run('echo "I am $(whoami)"');
      await screen().getByText(`I am ${user}`).waitFor();
      // Remembered by this browser.
      await begin(password);
      await screen().getByText('$').first().waitFor();
      await run('printf "\\033[38;2;1;200;3mtrue colour\\033[0m\\n"');
      const span = screen().locator('span', { hasText: /^true colour$/ });
      await span.waitFor();
      expect(await span.evaluate((one) => getComputedStyle(one).color)).not.toBe(
        await screen().evaluate((one) => getComputedStyle(one).color),
      );
    });

    it('signs in with a private key that has a pass phrase, after it was given wrong', async () => {
      await page.goto(`${origin()}/devices/${device.id}/terminal`);
      await page.getByLabel('User on the device').fill(user);
      await page.getByLabel('Sign in with').selectOption('key');
      await page.getByLabel('Read the private key from a file').setInputFiles(join(folder, 'own'));
      await page.getByLabel('Pass phrase').fill('wrong');
      await page.getByRole('button', { name: 'Connect' }).click();
      await page.getByRole('button', { name: 'Yes, go on' }).click();
      await page.getByText('The pass phrase of the key is wrong').waitFor();
      await page.getByLabel('Sign in with').selectOption('key');
      await page.getByLabel('Private key', { exact: true }).fill(await readFile(join(folder, 'own'), 'utf8'));
      await page.getByLabel('Pass phrase').fill('a pass phrase');
      await page.getByRole('button', { name: 'Try again' }).click();
      await screen().getByText('$').first().waitFor();
      await run('echo "key of $(whoami)"');
      await screen().getByText(`key of ${user}`).waitFor();
    });

    it('says that a password is wrong, and takes the right one then', async () => {
      await begin('wrong');
      await page.getByRole('button', { name: 'Yes, go on' }).click();
      await page.getByText('The device refused that.').waitFor();
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Try again' }).click();
      await screen().getByText('$').first().waitFor();
    });

    it('follows the size of the window, and takes a paste of many lines whole', async () => {
      await shell();
      await run('stty size');
      await screen()
        .getByText(/^\d+ \d+$/)
        .first()
        .waitFor();
      const [before] = await screen()
        .getByText(/^\d+ \d+$/)
        .allTextContents();
      await page.setViewportSize({ width: 600, height: 420 });
      await run('clear; stty size');
      await expect
        .poll(async () =>
          (
            await screen()
              .getByText(/^\d+ \d+$/)
              .allTextContents()
          ).at(-1),
        )
        .not.toBe(before);
      await run("stty -echo; echo lis''tening; head -c 100000 | wc -c | sed 's/^/counted /'");
      await screen().getByText('listening').waitFor();
      const lines = `${'0123456789'.repeat(9)}012345678\n`.repeat(1000);
      await page.evaluate((text) => navigator.clipboard.writeText(text), lines);
      await page.getByRole('button', { name: 'Paste' }).click();
      await screen().getByText('counted 100000').waitFor();
    });

    it('a flood from the shell stops at Ctrl-C', async () => {
      await shell();
      await run('yes');
      await screen().getByText('y', { exact: true }).nth(20).waitFor();
      await page.keyboard.press('Control+c');
      await run('echo after$((40+2))');
      await screen().getByText('after42').waitFor();
    });

    it('tells that the shell ended, and connects again', async () => {
      await shell();
      await run('exit 3');
      await page.getByText('The shell ended with exit code 3').waitFor();
      await page.getByRole('button', { name: 'Connect again' }).click();
      expect(await page.getByLabel('User on the device').inputValue()).toBe(user);
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Connect' }).click();
      await screen().getByText('$').first().waitFor();
    });

    it('warns when the device shows another key than before', async () => {
      await shell();
      await stopSshd();
      stopSshd = await startSshd('host2');
      await begin(password);
      await page.getByText('The device shows another key than before').waitFor();
      await page.getByRole('button', { name: 'No, hang up' }).click();
      await page.getByText('The key of the device was not accepted').waitFor();
      await begin(password);
      await page.getByRole('button', { name: 'take the new key' }).click();
      await screen().getByText('$').first().waitFor();
    });

    it('ends with the session, wherever that is ended', async () => {
      const signedIn = await relay.visit('localhost', '/api/sign-in', {
        method: 'POST',
        headers: { origin: origin(), 'content-type': 'application/json' },
        body: JSON.stringify({ name: owner.name, password: owner.password }),
      });
      const [name = '', value = ''] = (signedIn.headers['set-cookie']?.[0]?.split(';')[0] ?? '').split('=');
      await context.addCookies([{ name, value, domain: 'localhost', path: '/' }]);
      await shell();
      const { items } = JSON.parse((await owner.api('GET', '/api/me/sessions')).body);
      for (const { id, current } of items as { id: string; current: boolean }[])
        if (!current) await owner.api('DELETE', `/api/me/sessions/${id}`);
      await page.getByText('You were signed out').waitFor();
    });

    it('waits for a device that calls home, says until when, and opens when it comes', async () => {
      const key = join(folder, 'router2');
      await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key);
      const { token } = JSON.parse((await owner.api('POST', '/api/enrolment-tokens', {})).body);
      const ssh = [
        ...['-F', '/dev/null', '-i', key, '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no'],
        ...['-o', 'UserKnownHostsFile=/dev/null', '-p', String(relay.relay.ports.ssh)],
      ];
      const call = (as: string) => runProgram('ssh', [...ssh, `${as}@127.0.0.1`, 'inbox']);
      const first = await call(`${token}+router2`);
      expect([first.code, first.stdout]).toEqual([0, '']);
      const { items } = JSON.parse((await owner.api('GET', '/api/devices?search=router2')).body);
      await page.goto(`${origin()}/devices/${items[0].id}`);
      await page.getByRole('link', { name: 'Terminal' }).click();
      await page.getByLabel('User on the device').fill(user);
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Connect' }).click();
      await page.getByText('router2 calls home and is not connected now').waitFor();
      const asked = (await call('router2')).stdout;
      const [, relayPort] = /22:(\d+)/.exec(asked) ?? [];
      const client = startProgram('ssh', [
        ...['-N', ...ssh, '-R', `${relayPort}:127.0.0.1:${sshPort}`, 'router2@127.0.0.1'],
      ]);
      try {
        await page.getByRole('button', { name: 'Yes, go on' }).click();
        await screen().getByText('$').first().waitFor();
      } finally {
        await client.stop();
      }
      await page.getByRole('button', { name: 'Connect again' }).waitFor();
    });

    it('fits a phone in light and dark', async () => {
      await page.setViewportSize({ width: 360, height: 740 });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await shell();
        const overflow = await page.evaluate(() => [
          document.documentElement.scrollWidth - innerWidth,
          document.documentElement.scrollHeight - innerHeight,
        ]);
        expect(Math.max(...overflow)).toBeLessThanOrEqual(0);
        await page.evaluate(() => localStorage.clear());
      }
    });

    it('is in the audit, with no secret, and broke no content security policy', async () => {
      const { items } = JSON.parse((await owner.api('GET', '/api/audit?limit=300')).body);
      const opened = items.filter((one: { action: string }) => one.action === 'terminal.opened');
      expect(opened[0]).toMatchObject({ actor: 'alice', target: 'router', detail: { user } });
      expect(items.some((one: { action: string }) => one.action === 'terminal.closed')).toBe(true);
      expect(JSON.stringify(items)).not.toContain(password);
      expect(complaints).toEqual([]);
    });

    it.each([
      ['a stranger', 404, () => ({ origin: origin(), cookie: stranger.cookie })],
      [
        'another origin',
        403,
        () => ({ origin: `http://ssh--router.localhost:${relay.port}`, cookie: owner.cookie }),
      ],
      ['no origin', 403, () => ({ cookie: owner.cookie })],
      ['nobody', 401, () => ({ origin: origin() })],
    ])('refuses %s', async (_who, status, headers) => {
      stranger ??= await relay.person('mallory');
      const asked = openWebSocket({
        port: relay.port,
        host: 'localhost',
        path: `/api/devices/${device.id}/terminal`,
        headers: headers(),
      });
      await expect(asked).rejects.toThrow(String(status));
    });
    let stranger: TestPerson;
  },
);
