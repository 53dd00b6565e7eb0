import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type RunningProgram, runPorchlight, runProgram } from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  commandLines,
  missing,
  openPeopleRig,
  PATIENT,
  type PeopleRig,
  textOf,
  user,
} from './cli-people-rig.ts';

describe.skipIf(missing !== undefined)(`devices from a shell ${missing ?? ''}`, () => {
  let rig: PeopleRig;
  let daemon: RunningProgram;

  beforeAll(async () => {
    rig = await openPeopleRig();
    daemon = await rig.startSshd('host');
  });
  afterAll(() => rig?.close());

  describe('curl', () => {
    const curl = (...args: string[]) => rig.porchlight(['curl', ...args]);

    it('asks signed in, with all of its own options', async () => {
      const got = await curl('robot/web/a/b?c=d', '-sS');
      expect(JSON.parse(got.stdout)).toEqual({ method: 'GET', url: '/a/b?c=d', person: 'alice', body: '' });
      const options = ['-sS', '-X', 'PUT', '-d', '@-', '-o', rig.at('answer'), '-w', '%{http_code}'];
      const put = await rig.porchlight(['curl', 'robot/web', '--', ...options], {
        input: 'sent on standard input',
      });
      expect(put).toMatchObject({ code: 0, stdout: '200' });
      expect(JSON.parse(await textOf(rig.at('answer')))).toMatchObject({
        ...{ method: 'PUT', url: '/', body: 'sent on standard input' },
      });
    });

    it('ends as curl ends, and shows the token to nobody', async () => {
      expect(await curl('robot/web/x', '--no-such-option')).toMatchObject({ code: 2 });
      const slow = rig.start(['curl', 'robot/web/slow', '-sS', '-m', '60']);
      await expect.poll(commandLines, PATIENT).toMatch(/curl --config \/dev\/fd\/3 -sS -m 60/);
      expect(await commandLines()).not.toContain(rig.token);
      await slow.stop();
    });
  });

  describe('ssh', () => {
    const options = () => ['-i', rig.at('key'), '-o', 'BatchMode=yes'];
    const accept = ['-o', 'StrictHostKeyChecking=accept-new'];
    const ssh = (...args: string[]) => rig.porchlight(['ssh', ...options(), ...args]);

    it('goes to the device without any configuration, and ends as the command there does', async () => {
      const done = await ssh(...accept, `${user}@robot`, '--', 'echo there; exit 7');
      expect(done).toMatchObject({ code: 7, stdout: 'there\n' });
      // The host key is known by the device's name from now on.
      expect(await ssh(`${user}@robot`, 'echo again')).toMatchObject({
        code: 0,
        stdout: 'again\n',
        stderr: '',
      });
      const known = await runProgram('ssh-keygen', [
        '-F',
        'robot.localhost',
        '-f',
        rig.at('config/porchlight/known_hosts'),
      ]);
      expect(known.stdout).toContain((await textOf(rig.at('host.pub'))).split(' ')[1]);
    });

    it('stands in the place of ssh for scp', async () => {
      const own = rig.at('own-ssh');
      const command = `${process.execPath} ${new URL('../../packages/cli/src/main.ts', import.meta.url).pathname}`;
      await writeFile(own, `#!/bin/sh\nexec ${command} ssh "$@"\n`);
      await chmod(own, 0o755);
      await writeFile(rig.at('big'), randomBytes(3_000_000));
      const copied = await runProgram(
        'scp',
        ['-S', own, ...options(), rig.at('big'), `${user}@robot:${rig.at('copy')}`],
        { env: rig.env() },
      );
      expect(copied).toMatchObject({ code: 0 });
      expect((await runProgram('cmp', [rig.at('big'), rig.at('copy')])).code).toBe(0);
    });

    it('passes the token to nobody who looks at processes', async () => {
      const sleeping = rig.start(['ssh', ...options(), `${user}@robot`, 'sleep 300']);
      await expect.poll(commandLines, PATIENT).toMatch(/main\.ts tcp --relay \S+ -- robot ssh/);
      expect(await commandLines()).not.toContain(rig.token);
      await sleeping.stop();
    });

    it('says what is missing before ssh is asked', async () => {
      expect(await ssh('nosuch')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('you have no device "nosuch"'),
      });
      const bare = await rig.relay.device(rig.alice, 'bare', {});
      expect(await ssh('bare')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('agent expose ssh tcp://127.0.0.1:22'),
      });
      await bare.stop();
      await expect
        .poll(
          async () => JSON.parse((await rig.alice.api('GET', `/api/devices/${bare.id}`)).body).link.up,
          PATIENT,
        )
        .toBe(false);
      expect(await ssh('bare')).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(/bare is offline for \d+ s/),
      });
    });
  });

  describe('tcp and forward', () => {
    it('connects standard input and output, as nc does', async () => {
      const sent = randomBytes(200_000).toString('hex');
      const got = await rig.porchlight(['tcp', 'robot', 'echo'], { input: sent });
      expect(got).toMatchObject({ code: 0, stderr: '' });
      expect(got.stdout === sent).toBe(true);
      expect(await rig.porchlight(['tcp', 'robot', '4444'], { input: '' })).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^error: robot does not offer port 4444 now\nhint: .+\n$/),
      });
    });

    it('carries many connections at once, each with its end', async () => {
      const { program, port } = await forward('0:echo');
      const sums = Array.from({ length: 20 }, async () => {
        const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
        const sent = randomBytes(500_000);
        socket.end(sent);
        return sum(await buffer(socket)) === sum(sent);
      });
      expect((await Promise.all(sums)).every(Boolean)).toBe(true);
      expect(await program.stop('SIGINT')).toEqual({ code: 0, signal: null });
      await expect(once(net.connect({ host: '127.0.0.1', port }), 'connect')).rejects.toThrow('ECONNREFUSED');
    });

    it('outlives the device: who connects meanwhile is served when it is back', async () => {
      const { program, port } = await forward('0:echo');
      await rig.robot.stop();
      const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
      socket.end('while away');
      await expect.poll(() => program.lines.join('\n'), PATIENT).toContain('offline');
      await rig.robot.start();
      expect((await buffer(socket)).toString()).toBe('while away');
      await program.stop('SIGINT');
    });

    it('says which port cannot be used', async () => {
      const taken = net.createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const { port } = taken.address() as net.AddressInfo;
      expect(await rig.porchlight(['forward', 'robot', `${port}:echo`])).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /^error: port \d+ of 127.0.0.1 cannot be used \(EADDRINUSE\)\nhint: .+\n$/,
        ),
      });
      taken.close();
    });

    async function forward(wish: string) {
      const program = rig.start(['forward', 'robot', wish, '--json']);
      const { local } = await program.json((line) => line['device'] === 'robot');
      return { program, port: Number(String(local).split(':')[1]) };
    }
  });

  it('lets a device in that shows the same code', async () => {
    const joining = rig.start(
      ['agent', 'join', rig.origin, '--account', 'alice', '--name', 'shed', '--json'],
      {
        env: { PORCHLIGHT_DATA: rig.at('shed') },
      },
    );
    const { code } = await joining.json((line) => line['state'] === 'pending');
    expect((await rig.porchlight(['requests', '-q'])).stdout).toBe(`${String(code)}\n`);
    const allowed = await rig.porchlight(['allow', String(code), '--tag', 'garden']);
    expect(allowed).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^shed is let in, with the key SHA256:/),
    });
    expect(await joining.ended).toEqual({ code: 0, signal: null });
    expect((await rig.porchlight(['devices', '--tag', 'garden', '-q'])).stdout).toBe('shed\n');
  });

  it('tells what happens as it happens', async () => {
    const watching = rig.start(['watch', '--json']);
    const lines = rig.start(['watch']);
    const following = rig.start(['logs', '-f', '--json', '--device', 'robot']);
    await following.json((line) => line['action'] === 'link.up');
    await expect.poll(() => lines.lines.join('\n'), PATIENT).toMatch(/^watching \d+ devices/);
    await expect
      .poll(async () => {
        await rig.alice.api('PATCH', `/api/devices/${rig.robot.id}`, {
          tags: [randomBytes(4).toString('hex')],
        });
        return watching.lineCount;
      }, PATIENT)
      .toBeGreaterThan(0);
    await rig.robot.stop();
    await watching.json((line) => isDown(line['device']));
    await following.json((line) => line['action'] === 'link.down');
    await expect.poll(() => lines.lines.join('\n'), PATIENT).toContain('robot is offline');
    await rig.robot.start();
    for (const program of [watching, lines, following])
      expect(await program.stop('SIGINT')).toEqual({ code: 0, signal: null });
  });

  it('a share opens for a stranger until it is ended', async () => {
    const made = await rig.porchlight(['share', 'robot/web', '--for', '1h', '--json']);
    const { id, url } = JSON.parse(made.stdout);
    expect(url).toMatch(/^http:\/\/web--robot\.localhost:\d+\/.+#plh_/);
    expect((await rig.porchlight(['shares', 'robot', '-q'])).stdout).toBe(`${id}\n`);
    expect((await rig.porchlight(['unshare', id])).code).toBe(0);
    expect(await rig.porchlight(['unshare', id])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`there is no share "${id}"`),
    });
  });

  it('the doctor finds nothing wrong, then what is', async () => {
    const well = await rig.porchlight(['doctor', 'robot', '--json']);
    const findings = JSON.parse(well.stdout) as { result: string; what: string }[];
    expect(findings.filter(({ result }) => result !== 'ok')).toEqual([]);
    expect(findings.map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        'clock',
        'host key',
        'link of robot',
        'service robot/web',
        'service robot/ssh',
      ]),
    );
    expect(well.code).toBe(0);
    const key = `SHA256:${'A'.repeat(43)}`;
    const path = (await runProgram('find', [rig.at('config'), '-name', '*.json'])).stdout.trim();
    const login = await textOf(path);
    await writeFile(path, login.replace(/SHA256:[^"]+/, key));
    const ill = await rig.porchlight(['doctor', 'robot', '-q']);
    await writeFile(path, login);
    expect(ill).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /^FAIL {2}host key: it was SHA256:A+ at the first login, and is .+\n {6}hint: .+\n$/,
      ),
    });
  });

  it('believes a relay of its own authority once it is given that, and then without', async () => {
    const own = `https://localhost:${rig.relay.relay.ports.https}`;
    const env = rig.env('own');
    const without = await runPorchlight(['login', own, '--token'], { env, input: rig.token });
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining(`${own}/install/ca.pem`) });
    const ca = rig.at('ca.pem');
    await writeFile(ca, (await rig.relay.visit('localhost', '/install/ca.pem')).body);
    const login = await runPorchlight(['login', own, '--token', '--ca', ca], { env, input: rig.token });
    expect(login).toMatchObject({ code: 0, stderr: '' });
    expect((await runPorchlight(['devices', '-q'], { env })).stdout).toContain('robot\n');
    const echoed = await runPorchlight(['tcp', 'robot', 'echo'], { env, input: 'over TLS' });
    expect(echoed).toMatchObject({ code: 0, stdout: 'over TLS' });
    const doctor = await runPorchlight(['doctor', 'robot', '--json'], { env });
    expect(JSON.parse(doctor.stdout)).toContainEqual(
      expect.objectContaining({ result: 'ok', what: 'certificate' }),
    );
  });

  it('a changed host key of the device is refused by ssh', async () => {
    await daemon.stop();
    await rig.startSshd('host2');
    const refused = await rig.porchlight([
      'ssh',
      '-i',
      rig.at('key'),
      '-o',
      'BatchMode=yes',
      `${user}@robot`,
      'true',
    ]);
    expect(refused).toMatchObject({
      code: 255,
      stderr: expect.stringContaining('HOST IDENTIFICATION HAS CHANGED'),
    });
  });
});

function sum(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function isDown(device: unknown): boolean {
  return typeof device === 'object' && device !== null && JSON.stringify(device).includes('"up":false');
}
