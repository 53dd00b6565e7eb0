/** The line that makes a device of a machine with nothing but ssh, on such machines. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Installer, type InstallOptions, installLine } from '@porchlight/protocol';
import {
  type BareRoot,
  openBareRoot,
  type ProcessPerson,
  type ProcessRelay,
  requireBareRoot,
  requireProgram,
  runProgram,
  startProcessRelay,
  startProgram,
  until,
} from '@porchlight/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const FILE = join(ROOT, 'packages/relay/install/phone-home.sh');
const HOME = '/etc/porchlight-home';
const ME = `${HOME}/phone-home.sh`;
const RC_LOCAL = '#!/bin/sh\n# Put your own commands here.\nexit 0\n';
/** Routers have little room for it. */
const SIZE_MAX = 8 * 1024;

const shellcheck = await requireProgram('shellcheck', 'shellcheck');
const bare = await requireBareRoot();
const dbclient = await requireProgram('dbclient', 'dropbear-bin');
const dropbear = await requireProgram('dropbear', 'dropbear-bin');
const ssh = await requireProgram('ssh', 'openssh-client');
const dash = await requireProgram('dash', 'dash');
const bash = await requireProgram('bash', 'bash');
const analyze = await requireProgram('systemd-analyze', 'systemd');
const missing =
  bare.missing ?? dbclient.missing ?? dropbear.missing ?? ssh.missing ?? dash.missing ?? bash.missing;

describe('the script', () => {
  it.skipIf(shellcheck.missing)(`passes shellcheck ${shellcheck.missing ?? ''}`, async () => {
    expect(await runProgram(shellcheck.path ?? '', ['-s', 'sh', FILE])).toMatchObject({
      code: 0,
      stdout: '',
    });
  });

  it('is small', async () => {
    expect((await readFile(FILE)).length).toBeLessThan(SIZE_MAX);
  });

  it('knows the words of the relay that it acts on', async () => {
    const script = await readFile(FILE, 'utf8');
    const session = await readFile(join(ROOT, 'packages/relay/src/ssh/stock-session.ts'), 'utf8');
    for (const words of ['belongs to the device ', 'nobody pressed']) {
      expect(script).toContain(words);
      expect(session).toContain(words);
    }
  });
});

describe.skipIf(missing)(`the installer on machines with only ssh ${missing ?? ''}`, () => {
  let relay: ProcessRelay;
  let admin: ProcessPerson;
  let installer: Installer;
  let web: http.Server;
  let webPort: number;
  let machine: BareRoot;
  const opened: BareRoot[] = [];
  let keys = '';

  beforeAll(async () => {
    relay = await startProcessRelay({ domain: 'relay.example' });
    admin = await relay.person('alice', 'admin');
    const me = JSON.parse((await admin.api('GET', '/api/me', undefined, 'session')).body);
    installer = me.relay.installer;
    web = http.createServer((_req, res) => res.end('hello from the router'));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    webPort = (web.address() as AddressInfo).port;
    keys = (await run('which', ['dropbearkey'])).stdout.trim();
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });
  afterAll(async () => {
    web?.close();
    await relay?.close();
  });

  const open = async (programs: readonly string[], shell?: string): Promise<BareRoot> => {
    machine = await openBareRoot({
      programs,
      names: ['relay.example'],
      ...(shell === undefined ? {} : { shell }),
    });
    opened.push(machine);
    await machine.write('/etc/rc.local', RC_LOCAL, 0o755);
    return machine;
  };
  const router = () => open([dbclient.path ?? '', keys]);
  const robot = async (shell = dash.path) =>
    open([ssh.path ?? '', (await run('which', ['ssh-keygen'])).stdout.trim()], shell);
  const token = async (): Promise<string> =>
    JSON.parse((await admin.api('POST', '/api/enrolment-tokens', {})).body).token;
  const line = (options: InstallOptions = {}, changed: Partial<Installer> = {}) =>
    installLine({ ...installer, ...changed }, options);
  const install = async (options: InstallOptions = {}) =>
    machine.run('sh', '-c', line({ token: await token(), ...options }));
  const phoneHome = (...words: string[]) => machine.run('sh', ME, ...words);
  const deviceOf = async (name: string) =>
    JSON.parse((await admin.api('GET', `/api/devices?search=${name}`)).body).items[0];
  const loops = () => machine.processes(`${ME} run`);
  /** Ends the pause between two calls. */
  const callNow = async (): Promise<void> => {
    await until(async () => (await machine.processes('sleep 60')).length > 0);
    for (const pid of await machine.processes('sleep 60')) process.kill(pid);
  };

  it('a router: one line, Allow, then it calls, opens what was asked for, and is gone when told', async () => {
    await router();
    const installing = machine.start('sh', '-c', line({ name: 'router1', ports: [22, webPort] }));
    let code = '';
    await until(async () => {
      code = /Code ([A-Z0-9-]{19});/.exec(installing.lines.join('\n'))?.[1] ?? '';
      return code !== '';
    });
    // It shows the key by whose fingerprint the request can be compared.
    const asked = JSON.parse((await admin.api('GET', `/api/join-requests?code=${code}`)).body).items[0];
    expect(installing.lines.join('\n')).toContain(asked.fingerprint);
    const allowed = await admin.api('POST', `/api/join-requests/${asked.id}/allow`, {
      code,
      name: 'kitchen',
    });
    expect(allowed.status).toBe(200);
    expect(await installing.ended).toMatchObject({ code: 0 });
    // The person gave it another name than it had proposed.
    expect(await machine.read(`${HOME}/settings`)).toContain(' name=kitchen ');
    await until(async () =>
      (await machine.read('/var/run/porchlight-home/last').catch(() => '')).startsWith('ok'),
    );
    const device = await deviceOf('kitchen');
    const readings = JSON.parse((await admin.api('GET', `/api/devices/${device.id}/readings`)).body);
    const names = JSON.stringify(readings);
    for (const name of ['uptime', 'load', 'memory_free', 'allow']) expect(names).toContain(`"${name}"`);

    const wish = { port: webPort, minutes: 5 };
    const forward = JSON.parse((await admin.api('POST', `/api/devices/${device.id}/forwards`, wish)).body);
    const forbidden = await admin.api('POST', `/api/devices/${device.id}/forwards`, { port: 25, minutes: 5 });
    expect(forbidden.status).toBe(201);
    await callNow();
    await until(async () => {
      const { items } = JSON.parse((await admin.api('GET', '/api/forwards')).body);
      return items.find((one: { id: string }) => one.id === forward.id)?.state === 'open';
    });
    const page = await fetch(`http://127.0.0.1:${forward.port}/`);
    expect(await page.text()).toBe('hello from the router');
    // What it was not told to allow it does not open, whoever asks.
    const forwards = (await machine.processes(' -N ')).length;
    expect(forwards).toBe(1);

    expect(await phoneHome('status')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('kitchen at relay.example:'),
    });
    expect(await phoneHome('uninstall')).toMatchObject({ code: 0 });
    await until(async () => (await machine.processes('porchlight-home')).length === 0);
    expect(await machine.files('/etc')).toEqual(['/etc/hosts', '/etc/passwd', '/etc/rc.local']);
    expect(await machine.read('/etc/rc.local')).toBe(RC_LOCAL);
    expect(await machine.files('/var/run')).toEqual([]);
    expect(await machine.files('/tmp')).toEqual([]);
  });

  it('is the same after the second time, with the same key', async () => {
    await router();
    expect(await install({ name: 'twice' })).toMatchObject({ code: 0 });
    const [files, key, rc, settings] = [
      await machine.files('/etc'),
      await machine.read(`${HOME}/key`),
      await machine.read('/etc/rc.local'),
      await machine.read(`${HOME}/settings`),
    ];
    expect(rc.match(/porchlight-home/g)).toHaveLength(1);
    const again = await machine.run('sh', '-c', line());
    expect(again).toMatchObject({ code: 0 });
    expect([
      await machine.files('/etc'),
      await machine.read(`${HOME}/key`),
      await machine.read('/etc/rc.local'),
      await machine.read(`${HOME}/settings`),
    ]).toEqual([files, key, rc, settings]);
    await until(async () => (await loops()).length === 1);
    // Whatever starts it once more does not make two of it.
    expect(await phoneHome('run')).toMatchObject({ code: 0 });
    // What a loop starts has its command line for a moment.
    await until(async () => (await loops()).length === 1);
    // New settings take the place of the old ones.
    expect(await machine.run('sh', '-c', line({ ports: [8080] }))).toMatchObject({ code: 0 });
    expect(await machine.read(`${HOME}/settings`)).toContain(' ports=8080 ');
  });

  it('runs nothing whose hash is not the one in the line', async () => {
    await router();
    const refused = await machine.run('sh', '-c', line({}, { sha256: '0'.repeat(64) }));
    expect(refused.code).not.toBe(0);
    expect(refused.stdout).toContain('FAILED');
    expect(await machine.files('/etc')).toEqual(['/etc/hosts', '/etc/passwd', '/etc/rc.local']);
    expect(await machine.files('/tmp')).toEqual([]);
  });

  it('is not let in by a relay with another key, and what was there goes on', async () => {
    await router();
    expect(await install({ name: 'pinned' })).toMatchObject({ code: 0 });
    const before = await machine.read(`${HOME}/settings`);
    const other = (await run('dropbearkey', ['-t', 'ed25519', '-f', join(machine.path, 'tmp/other')])).stdout;
    const hostKey = /^ssh-ed25519 \S+/m.exec(other)?.[0] ?? '';
    const refused = await machine.run('sh', '-c', line({}, { hostKey }));
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing was changed') });
    expect(refused.stdout).toContain('ssh-ed25519 host key mismatch');
    expect(await machine.read(`${HOME}/settings`)).toBe(before);
    expect(await phoneHome('status')).toMatchObject({ code: 0 });
  });

  it('does not ask anybody about a server with a key of another type', async () => {
    await router();
    const key = join(machine.path, 'tmp/rsa');
    await run('dropbearkey', ['-t', 'rsa', '-f', key]);
    const port = await freePort();
    const impostor = startProgram(dropbear.path ?? '', ['-F', '-E', '-r', key, '-p', `127.0.0.1:${port}`]);
    await until(async () => impostor.lines.some((said) => said.includes('Not backgrounding')));
    const refused = await machine.run('sh', '-c', line({}, { address: `relay.example:${port}` }));
    await impostor.stop();
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('ssh-rsa host key mismatch');
    expect(refused.stdout + refused.stderr).not.toContain('(y/n)');
    expect(await machine.files('/etc')).toEqual(['/etc/hosts', '/etc/passwd', '/etc/rc.local']);
  });

  it.each([
    ['dash', dash.path],
    ['bash', bash.path],
  ])('a robot with OpenSSH and %s that stays linked', async (shell, path) => {
    await robot(path);
    const name = `robot-${shell}`;
    expect(await install({ name, mode: 'always', ports: [webPort], fetch: 'wget' })).toMatchObject({
      code: 0,
    });
    await until(async () => {
      const device = await deviceOf(name);
      return device.services.some(
        (one: { name: string; offered: boolean }) => one.name === String(webPort) && one.offered,
      );
    });
    expect(await phoneHome('status')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`always ${webPort}`),
    });
    // Whatever ends its connection, it comes back.
    for (const pid of await machine.processes(' -N -R ')) process.kill(pid);
    await until(async () => (await machine.processes(' -N -R ')).length > 0);
    const refused = await machine.run('sh', '-c', line({}, { hostKey: `ssh-ed25519 ${'A'.repeat(67)}=` }));
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/Host key verification failed|No ED25519 host key is known/);
    expect(await phoneHome('uninstall')).toMatchObject({ code: 0 });
    await until(async () => (await machine.processes('porchlight-home')).length === 0);
  });

  it('systemd: a unit that the real one understands', async () => {
    await robot();
    await machine.write('/usr/bin/systemctl', '#!/bin/sh\necho "$*" >>/tmp/systemctl\n', 0o755);
    await machine.write('/run/systemd/system/.keep', '');
    await machine.write('/etc/systemd/system/.keep', '');
    expect(await install({ name: 'with-systemd' })).toMatchObject({ code: 0 });
    const unit = join(machine.path, 'etc/systemd/system/porchlight-home.service');
    expect(await readFile(unit, 'utf8')).toContain(`ExecStart=/bin/sh ${ME} run\n`);
    if (analyze.path !== undefined) {
      expect(await runProgram(analyze.path, ['verify', unit])).toMatchObject({ code: 0, stderr: '' });
    }
    expect(await phoneHome('uninstall')).toMatchObject({ code: 0 });
    expect(await machine.read('/tmp/systemctl')).toBe(
      'enable --now porchlight-home\ndisable --now porchlight-home\n',
    );
    expect(await machine.files('/etc/systemd')).toEqual(['/etc/systemd/system/.keep']);
  });

  it('OpenWrt: an init script for procd, kept over an upgrade of the firmware', async () => {
    await router();
    await machine.write('/etc/rc.common', RC_COMMON, 0o755);
    await machine.write('/etc/init.d/.keep', '');
    await machine.write('/lib/upgrade/keep.d/.keep', '');
    expect(await install({ name: 'openwrt' })).toMatchObject({ code: 0 });
    expect(await machine.read('/tmp/procd')).toBe(
      ['enable 95', 'open', `param command /bin/sh ${ME} run`, 'param respawn 1 5 0', 'close', ''].join('\n'),
    );
    expect(await machine.read('/lib/upgrade/keep.d/porchlight-home')).toBe(
      `${HOME}\n/etc/init.d/porchlight-home\n`,
    );
    expect(await phoneHome('uninstall')).toMatchObject({ code: 0 });
    expect((await machine.read('/tmp/procd')).split('\n').slice(5)).toEqual(['stop', 'disable', '']);
    expect(await machine.files('/etc/init.d')).toEqual(['/etc/init.d/.keep']);
    expect(await machine.files('/lib/upgrade')).toEqual(['/lib/upgrade/keep.d/.keep']);
  });

  it('cron, of an ordinary user whose other lines stay', async () => {
    await router();
    await machine.write('/usr/bin/crontab', CRONTAB, 0o755);
    await machine.write('/home/user/cron', '0 4 * * * backup; exit 0\n', 0o666);
    const installed = await machine.runAsUser('sh', '-c', line({ token: await token(), name: 'of-a-user' }));
    expect(installed).toMatchObject({ code: 0 });
    const own = '/home/user/.porchlight-home/phone-home.sh';
    const entry = `* * * * * /bin/sh ${own} run >/dev/null 2>&1`;
    expect(await machine.read('/home/user/cron')).toBe(`0 4 * * * backup; exit 0\n${entry}\n`);
    const loop = machine.runAsUser('sh', '-c', entry.slice('* * * * * '.length));
    await until(async () => (await machine.runAsUser('sh', own, 'status')).code === 0);
    expect(await machine.runAsUser('sh', own, 'uninstall')).toMatchObject({ code: 0 });
    await loop;
    expect(await machine.read('/home/user/cron')).toBe('0 4 * * * backup; exit 0\n');
    expect(await machine.files('/home/user')).toEqual(['/home/user/cron']);
  });

  it('the command line gives the line that the dashboard shows', async () => {
    const { http, https, ssh } = relay.ports;
    const ports = ['--http', `${http}`, '--https', `${https}`, '--ssh', `${ssh}`];
    const words = ['--name', 'router1', '--allow', '22,8080', '--start', 'cron', '--curl'];
    const { stdout } = await relay.command(['install-line', ...words, ...ports]);
    expect(stdout).toBe(`${line({ name: 'router1', ports: [22, 8080], start: 'cron', fetch: 'curl' })}\n`);
    for (const odd of [
      ['--name', "x'; id"],
      ['--allow', '22;id'],
      ['--token', '$(id)'],
      ['--start', 'me'],
    ]) {
      expect(await relay.command(['install-line', ...odd, ...ports])).toMatchObject({ code: 2, stdout: '' });
    }
    const unknown = await relay.command(['install-line', '--ssh', '0', '--https', 'off']);
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toContain('where this relay takes SSH');
  });

  it('says so and leaves nothing when nothing can start it, or an argument is odd', async () => {
    await router();
    const failed = await install({ name: 'no-cron', start: 'cron' });
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('cron does not work here') });
    for (const name of ['-oProxyCommand', 'a b', "a'b", '$(id)', 'a;b']) {
      expect(await machine.run('sh', '-c', line({ name }))).toMatchObject({ code: 1 });
    }
    expect(await machine.files('/etc')).toEqual(['/etc/hosts', '/etc/passwd', '/etc/rc.local']);
    expect(await phoneHome('status')).not.toMatchObject({ code: 0 });
  });

  it('is all of the console that plain HTTP serves', async () => {
    const get = (path: string) => relay.visit('relay.example', `http:${path}`);
    expect(await get('/install/phone-home.sh')).toMatchObject({
      status: 200,
      body: await readFile(FILE, 'utf8'),
    });
    for (const path of [
      '/install/phone-home.sh?',
      '/install/porchlight.mjs',
      '/install/ca.pem',
      '/api/me',
      '/',
    ]) {
      expect((await get(path)).status).toBe(308);
    }
    const sent = await relay.visit('relay.example', 'http:/install/phone-home.sh', ['-d', 'x']);
    expect(sent.status).toBe(308);
  });
});

/** What OpenWrt's rc.common does with an init script, as far as ours goes; procd's part is written down. */
const RC_COMMON = `#!/bin/sh
log() { echo "$*" >>/tmp/procd; }
procd_open_instance() { log open; }
procd_set_param() { log param "$@"; }
procd_close_instance() { log close; }
. "$1"
case $2 in
start) [ "$USE_PROCD" = 1 ] && start_service ;;
enable) log enable "$START" ;;
*) log "$2" ;;
esac
`;

/** Debian's busybox has no crontab; this is what the installer asks of one. */
const CRONTAB = `#!/bin/sh
if [ "$1" = -l ]; then cat ~/cron; else cat >~/cron.new && cat ~/cron.new >~/cron && rm ~/cron.new; fi
`;

async function freePort(): Promise<number> {
  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
