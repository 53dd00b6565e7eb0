import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { requireProgram, runProgram, startProgram } from '@porchlight/testkit';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  curl,
  freePort,
  missing,
  type OperatorsRig,
  openOperatorsRig,
  PATIENT,
  portOf,
} from './operators-rig.ts';

const rsync = await requireProgram('rsync', 'rsync');

describe.skipIf(missing !== undefined)(`a person with stock OpenSSH as an operator ${missing ?? ''}`, () => {
  let rig: OperatorsRig;
  let relay: OperatorsRig['relay'];
  let alice: OperatorsRig['alice'];
  let stock: OperatorsRig['stock'];
  let web: OperatorsRig['web'];
  let sshdPort: OperatorsRig['sshdPort'];
  let token: OperatorsRig['token'];
  let running: OperatorsRig['running'];
  let at: OperatorsRig['at'];
  let run: OperatorsRig['run'];
  let command: OperatorsRig['command'];
  let json: OperatorsRig['json'];
  let start: OperatorsRig['start'];
  let master: OperatorsRig['master'];

  beforeAll(async () => {
    rig = await openOperatorsRig();
    ({ relay, alice, stock, web, sshdPort, token, running, at, run, command, json, start, master } = rig);
  });

  afterAll(() => rig?.close());

  it('lets a stock device in by the code that it shows, and lists it', async () => {
    await expect.poll(() => stock.lines.join('\n'), PATIENT).toMatch(/Code/);
    const code = /Code ([A-Z0-9-]{19});/.exec(stock.lines.join('\n'))?.[1] ?? '';
    await expect.poll(async () => (await json('requests')).length, PATIENT).toBe(1);
    expect((await command('allow', code, '--name', 'router1', '--tag', 'roof')).stdout).toMatch(
      /^router1 is let in, with the key SHA256:/,
    );
    await expect
      .poll(
        async () => (await json('devices', 'roof'))[0]?.services.map(({ name }: { name: string }) => name),
        PATIENT,
      )
      .toEqual(['22', '7000', '80']);
    const { code: status, stdout } = await command('devices');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^NAME +STATUS +SINCE +ADDRESS +SERVICES\n(?:.*\n)*router1 +online/);
    expect((await command('links')).stdout).toMatch(/router1 +ssh .* OpenSSH/);
  });

  it.each(['router1', 'agentbox'])(
    'jumps to the sshd of %s end to end: its own host key, files both ways',
    async (host) => {
      const { code, stdout, stderr } = await run('ssh', [host, 'echo', 'here', '&&', 'exit', '7']);
      expect([code, stdout, stderr]).toEqual([7, 'here\n', '']);
      const known = await readFile(at('known_hosts'), 'utf8');
      const hostKey = (await readFile(at('target-host.pub'), 'utf8')).split(' ')[1] ?? '';
      expect(known).toMatch(new RegExp(`^(?:\\[)?${host}.* ${hostKey.replaceAll(/[+/]/g, '\\$&')}$`, 'm'));

      const sent = randomBytes(3_000_000);
      await writeFile(at('sent'), sent);
      expect(await run('scp', [at('sent'), `${host}:${at('scp-there')}`])).toMatchObject({
        code: 0,
        stderr: '',
      });
      expect(await run('scp', [`${host}:${at('scp-there')}`, at('scp-back')])).toMatchObject({ code: 0 });
      expect((await readFile(at('scp-back'))).equals(sent)).toBe(true);

      const batch = `put ${at('sent')} ${at('sftp-there')}\nget ${at('sftp-there')} ${at('sftp-back')}\n`;
      expect(await run('sftp', ['-b', '-', host], batch)).toMatchObject({ code: 0 });
      expect((await readFile(at('sftp-back'))).equals(sent)).toBe(true);
    },
  );

  it.skipIf(rsync.missing !== undefined)(`carries rsync ${rsync.missing ?? ''}`, async () => {
    await mkdir(at('tree/below'), { recursive: true });
    const sent = randomBytes(200_000);
    for (const name of ['a', 'below/b']) await writeFile(at(`tree/${name}`), sent);
    const shell = `ssh -F ${at('config')}`;
    const { code, stderr } = await runProgram(rsync.path ?? '', [
      '-a',
      '-e',
      shell,
      `${at('tree')}/`,
      `router1:${at('copy')}/`,
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect((await readFile(at('copy/below/b'))).equals(sent)).toBe(true);
  });

  it('makes a device that speaks only MQTT, sees it connected, disconnects it and keeps it out', async () => {
    const made = await command('mqtt', 'add', 'sensor', '--tag', 'roof');
    expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('the MQTT user sensor') });
    const broker = { host: '127.0.0.1', port: relay.relay.ports.mqtt ?? 0, reconnectPeriod: 0 };
    const sign = { username: 'sensor', password: made.stdout.trim(), clientId: 'esp' };
    const client = await connectAsync({ ...broker, ...sign });
    const [connected] = await json('mqtt');
    expect(connected).toMatchObject({ deviceName: 'sensor', clientId: 'esp', door: 'mqtt', kind: 'device' });
    expect((await command('mqtt')).stdout).toMatch(/sensor +credential +esp +MQTT +127\.0\.0\.1/);
    const ended = new Promise<void>((resolve) => void client.once('close', () => resolve()));
    expect(await command('mqtt', 'end', connected.id)).toMatchObject({ code: 0, stderr: '' });
    await ended;
    const [credential] = await json('mqtt', 'credentials', 'sensor');
    expect(await json('mqtt', 'new', 'sensor', 'spare')).toMatchObject({ username: 'sensor', name: 'spare' });
    expect((await command('mqtt', 'revoke', 'sensor', credential.id)).code).toBe(0);
    await expect(connectAsync({ ...broker, ...sign })).rejects.toThrow('Bad username or password');
    // An app password would act for the account after the key is gone: a browser makes it.
    const { id } = JSON.parse((await alice.api('POST', '/api/me/app-passwords', { name: 'home' })).body);
    expect((await command('app-passwords')).stdout).toMatch(/home/);
    expect(await command('app-passwords', 'revoke', id)).toMatchObject({ code: 0 });
    expect(await json('app-passwords')).toEqual([]);
    for (const words of [
      ['mqtt', 'new'],
      ['mqtt', 'nonsense'],
      ['app-passwords', 'add', 'x'],
    ]) {
      expect((await command(...words)).code, words.join(' ')).toBe(2);
    }
    const sensor = (await json('devices')).find(({ name }: { name: string }) => name === 'sensor');
    expect((await alice.api('DELETE', `/api/devices/${sensor.id}`)).status).toBe(204);
  });

  it('-W leads to a port or a service by name, in any case; an answer after the end of the question arrives', async () => {
    for (const to of [`agentbox:${sshdPort}`, 'ssh.agentbox:1', 'Router1:22', '22.router1:9']) {
      expect((await run('ssh', ['-W', to, 'operator'])).stdout, to).toMatch(/^SSH-2\.0-OpenSSH/);
    }
    const asked = 'x'.repeat(300_000);
    const { code, stdout } = await run('ssh', ['-W', 'router1:7000', 'operator'], asked);
    expect([code, stdout]).toEqual([0, `answer to ${asked}`]);
  });

  it('-L serves many connections at once', async () => {
    const port = await freePort();
    const forward = start(['-N', '-L', `${port}:router1:80`, '-o', 'ExitOnForwardFailure=yes', 'operator']);
    const get = (path: string) =>
      runProgram(curl.path ?? '', ['-sS', '--max-time', '20', `http://127.0.0.1:${port}${path}`]);
    await expect.poll(async () => (await get('/one')).stdout, PATIENT).toBe('hello from /one');
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => get(`/${n}`)));
    expect(answers.map(({ stdout }) => stdout)).toEqual(
      Array.from({ length: 30 }, (_, n) => `hello from /${n}`),
    );
    await forward.stop();
  });

  it('-D and -R are refused with the reason', async () => {
    const port = await freePort();
    const socks = start([
      '-N',
      '-o',
      'LogLevel=INFO',
      '-D',
      String(port),
      '-o',
      'ExitOnForwardFailure=yes',
      'operator',
    ]);
    await expect
      .poll(
        async () =>
          (
            await runProgram(curl.path ?? '', [
              '-sS',
              '--socks5-hostname',
              `127.0.0.1:${port}`,
              'http://example.org/',
            ])
          ).code,
        PATIENT,
      )
      .toBe(97);
    expect(socks.lines.join('\n')).toMatch(
      /open failed: administratively prohibited: the relay reaches devices only, and none of yours is named example.org/,
    );
    await socks.stop();
    const device = await run('ssh', ['-N', '-o', 'LogLevel=INFO', '-R', '8080:127.0.0.1:80', 'operator']);
    expect(device.code).toBe(255);
    expect(device.stderr).toMatch(/remote forwards \(-R\) are for devices/);
  });

  it('why a device is not reached: unknown and foreign ones alike', async () => {
    const why = async (to: string) =>
      /^channel 0: .*/m.exec((await run('ssh', ['-o', 'LogLevel=INFO', '-W', to, 'operator'])).stderr)?.[0];
    const unknown =
      'channel 0: open failed: administratively prohibited: the relay reaches devices only, and none of yours is named ';
    expect(await why('nobodys-box:22')).toBe(`${unknown}nobodys-box`);
    expect(await why('bobs-box:22')).toBe(`${unknown}bobs-box`);
    expect(await why('127.0.0.1:22')).toBe(`${unknown}127.0.0.1`);
    expect(await why('router1:23')).toMatch(/open failed: connect failed: router1 does not offer port 23/);
    // The ssh that makes the jump takes its level of detail from the file.
    await writeFile(at('config-info'), (await readFile(at('config'), 'utf8')).replace('LogLevel ERROR', ''));
    const jump = await runProgram('ssh', ['-F', at('config-info'), 'bobs-box', 'true']);
    expect([jump.code, jump.stderr.includes(`${unknown}bobs-box`)]).toEqual([255, true]);
  });

  it('as editors do: one connection to the device, many commands at once, a forward on top', async () => {
    const socket = await master('editor', 'router1');
    const port = await freePort();
    const added = await run('ssh', [
      '-S',
      socket,
      '-O',
      'forward',
      '-L',
      `${port}:127.0.0.1:${portOf(web)}`,
      'router1',
    ]);
    expect(added.code).toBe(0);
    const work = Array.from({ length: 24 }, (_, n) =>
      run('ssh', ['-S', socket, 'router1', 'cat'], `${n}`.repeat(50_000)),
    );
    const got = runProgram(curl.path ?? '', ['-sS', `http://127.0.0.1:${port}/editor`]);
    for (const [n, { code, stdout }] of (await Promise.all(work)).entries()) {
      expect([code, stdout === `${n}`.repeat(50_000)]).toEqual([0, true]);
    }
    expect((await got).stdout).toBe('hello from /editor');
    await run('ssh', ['-S', socket, '-O', 'exit', 'router1']);
  });

  it('one connection to the relay serves many commands at once', async () => {
    const socket = await master('relay', 'operator');
    const listed = Array.from({ length: 16 }, () =>
      run('ssh', ['-S', socket, 'operator', 'devices', '--json']),
    );
    for (const { code, stdout } of await Promise.all(listed)) {
      expect([code, JSON.parse(stdout).length]).toEqual([0, 2]);
    }
    await run('ssh', ['-S', socket, '-O', 'exit', 'operator']);
  });

  it('takes a token as password, and says what a wrong one is', async () => {
    const withPassword = async (password: string) => {
      await writeFile(at('askpass'), `#!/bin/sh\necho '${password}'\n`);
      await chmod(at('askpass'), 0o700);
      return runProgram(
        'ssh',
        [
          ...['-F', at('config'), '-o', 'BatchMode=no', '-o', 'NumberOfPasswordPrompts=1', '-i', at('other')],
          ...['-o', 'IdentityFile=none', '-o', 'LogLevel=INFO', 'operator', 'devices', '--json'],
        ],
        { env: { SSH_ASKPASS: at('askpass'), SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':0' } },
      );
    };
    // The key of the configuration must not help.
    await writeFile(
      at('config-token'),
      (await readFile(at('config'), 'utf8')).replace(`IdentityFile ${at('person')}`, ''),
    );
    const before = await readFile(at('config'), 'utf8');
    await writeFile(at('config'), await readFile(at('config-token')));
    try {
      const right = await withPassword(token);
      expect([right.code, JSON.parse(right.stdout).length]).toEqual([0, 2]);
      const wrong = await withPassword('hunter2hunter2');
      expect([wrong.code, wrong.stdout]).toEqual([255, '']);
      expect(wrong.stderr).toMatch(/no valid access token/);
      expect(wrong.stderr).toMatch(/Permission denied/);
    } finally {
      await writeFile(at('config'), before);
    }
  });

  it('under the name of the account its key is the person; under other names no device; a device is no operator', async () => {
    const as = (name: string, key: string) =>
      run('ssh', ['-o', 'LogLevel=INFO', '-o', `IdentityFile=${at(key)}`, '-l', name, 'operator', 'links']);
    expect((await as('alice', 'person')).code).toBe(0);
    const elsewhere = await as('robot', 'person');
    expect([elsewhere.code, elsewhere.stderr]).toEqual([
      255,
      expect.stringMatching(/this key is a person's/),
    ]);
    await writeFile(
      at('config-device'),
      (await readFile(at('config'), 'utf8')).replace(at('person'), at('device')),
    );
    const device = await runProgram('ssh', [
      '-F',
      at('config-device'),
      '-o',
      'LogLevel=INFO',
      'operator',
      'links',
    ]);
    expect([device.code, device.stderr]).toEqual([
      255,
      expect.stringMatching(/the key of the device router1/),
    ]);
  });

  it('commands say what went wrong on standard error, with an exit status', async () => {
    expect(await command('nonsense')).toEqual({
      code: 127,
      stdout: '',
      stderr: 'error: there is no command "nonsense"\nhint: "help" lists those there are\n',
    });
    expect((await command('allow')).code).toBe(2);
    expect(await command('kick', 'bobs-box')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: You have no device named "bobs-box"/),
    });
    expect((await command('help')).stdout).toMatch(/ssh -J operator@localhost:\d+ USER@DEVICE/);
  });

  it('kick ends a link, block keeps the key out, enrol lets one in before it comes', async () => {
    await relay.device(alice, 'kicked', {});
    expect((await command('kick', 'kicked')).stdout).toMatch(/its link was ended/);
    expect((await json('block', 'kicked')).blocked).toBe(true);
    expect((await command('devices', 'kicked')).stdout).toMatch(/kicked +blocked/);
    expect((await json('unblock', 'kicked')).blocked).toBe(false);
    const publicKey = await readFile(at('other.pub'), 'utf8');
    const enrolled = await run('ssh', ['operator', 'enrol', 'later', '--tag', 'new'], publicKey);
    expect([enrolled.code, enrolled.stdout]).toEqual([
      0,
      expect.stringMatching(/^later may come now, with the key SHA256:/),
    ]);
    expect((await json('devices', 'later'))[0].tags).toEqual(['new']);
  });

  it('forward opens a port, shows what to use, and forwards lists and closes it', async () => {
    const { code, stdout, stderr } = await command('forward', 'router1', '80', '--for', '10m');
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^open until .* UTC; "forwards close /)]);
    expect(stdout).toMatch(/^http:\/\/port-\d+\.localhost:\d+\/\n$/);
    const got = await runProgram(curl.path ?? '', ['-sS', `${stdout.trim()}x`]);
    expect(got.stdout).toBe('hello from /x');
    const [open] = await json('forwards');
    expect(open).toMatchObject({ deviceName: 'router1', devicePort: 80, state: 'open' });
    expect((await command('forwards', 'close', open.id)).stdout).toBe('closed\n');
    expect(await json('forwards')).toEqual([]);
  });

  it('a live list on a terminal goes with q and leaves the screen as it was; watch tells what happens', async () => {
    const list = await run('ssh', ['-tt', 'operator'], 'q');
    expect(list.code).toBe(0);
    expect(list.stdout).not.toContain('\x1b[?1049h');
    const watch = start(['operator', 'watch']);
    await expect
      .poll(async () => {
        await command('kick', 'kicked');
        return watch.lines.join('\n');
      }, PATIENT)
      .toMatch(/kicked is (?:offline|online)/);
    await watch.stop();
  });

  it('a removed key ends its connections at once', async () => {
    const publicKey = (await readFile(at('target.pub'), 'utf8')).replace('target', 'spare');
    const { id } = JSON.parse((await alice.api('POST', '/api/me/ssh-keys', { publicKey })).body);
    const config = (await readFile(at('config'), 'utf8')).replace(at('person'), at('target'));
    await writeFile(at('config-spare'), config);
    const watch = startProgram('ssh', [
      '-F',
      at('config-spare'),
      '-o',
      'LogLevel=INFO',
      'operator',
      'watch',
      '--json',
    ]);
    running.push(watch);
    await expect
      .poll(
        async () =>
          JSON.parse((await alice.api('GET', '/api/audit?action=operator.connected')).body).items[0].detail
            .by,
        PATIENT,
      )
      .toBe('key spare');
    expect((await alice.api('DELETE', `/api/me/ssh-keys/${id}`)).status).toBe(204);
    expect((await watch.ended).code).toBe(255);
    expect(watch.lines.join('\n')).toMatch(/this key was removed/);
  });

  it('what they did is in the audit log', async () => {
    const actions = JSON.parse((await alice.api('GET', '/api/audit?limit=500')).body).items.map(
      ({ action, actor }: { action: string; actor: string }) => `${actor} ${action}`,
    );
    for (const action of [
      'operator.connected',
      'operator.disconnected',
      'operator.channel',
      'device.kicked',
      'join-request.allowed',
      'forward.opened',
    ]) {
      expect(actions).toContain(`alice ${action}`);
    }
    expect(actions).toContain('device:router1 operator.refused');
  });
});
