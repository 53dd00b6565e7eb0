/** A person at a shell: a relay, a home with a web server, an echo and a real sshd, and a configuration of their own. */
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import {
  type RunningProgram,
  requireProgram,
  runPorchlight,
  runProgram,
  type StartOptions,
  startPorchlight,
  startProgram,
  startTestRelay,
  until,
} from '@porchlight/testkit';
import { expect } from 'vitest';

const sshd = await requireProgram('sshd', 'openssh-server');
const ssh = await requireProgram('ssh', 'openssh-client');
const curl = await requireProgram('curl', 'curl');
/** What these tests lack, if anything. */
export const missing = sshd.missing ?? ssh.missing ?? curl.missing;
export const user = userInfo().username;
/** For what waits for programs. */
export const PATIENT = { timeout: 20_000 };

const portOf = (server: net.Server): number => (server.address() as AddressInfo).port;

export type PeopleRig = Awaited<ReturnType<typeof openPeopleRig>>;

export async function openPeopleRig() {
  const folder = await mkdtemp(join(tmpdir(), 'porchlight-people-'));
  const at = (name: string): string => join(folder, name);
  const running: RunningProgram[] = [];
  const web = http.createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      // Nobody is answered there, so that who asks stays.
      if (req.url === '/slow') return;
      const { authorization, 'x-porchlight-person': person } = req.headers;
      const { method, url } = req;
      res.end(JSON.stringify({ method, url, authorization, person, body: Buffer.concat(chunks).toString() }));
    });
  });
  const echo = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  const probe = net.createServer();
  for (const server of [web, echo, probe]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const sshPort = portOf(probe);
  probe.close();

  /** Starts the device's SSH server with one of its host keys. */
  const startSshd = async (hostKey: string): Promise<RunningProgram> => {
    const lines = [
      `Port ${sshPort}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${at(hostKey)}`,
      `AuthorizedKeysFile ${at('key.pub')}`,
      'StrictModes no',
      'UsePAM no',
      'PidFile none',
      'Subsystem sftp internal-sftp',
    ];
    await writeFile(at('sshd_config'), `${lines.join('\n')}\n`);
    const daemon = startProgram(sshd.path ?? '', ['-D', '-e', '-f', at('sshd_config')]);
    running.push(daemon);
    await until(async () => daemon.lines.some((line) => line.includes('Server listening')));
    return daemon;
  };
  for (const name of ['host', 'host2', 'key']) {
    await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  }
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true });

  const relay = await startTestRelay();
  const alice = await relay.person('alice', 'admin');
  const origin = `http://localhost:${relay.port}`;
  const robot = await relay.device(alice, 'robot', {
    web: `http://127.0.0.1:${portOf(web)}`,
    echo: `tcp://127.0.0.1:${portOf(echo)}`,
    ssh: `tcp://127.0.0.1:${sshPort}`,
  });
  const made = await alice.api('POST', '/api/me/access-tokens', { name: 'shell' });
  const { token } = JSON.parse(made.body);

  const env = (config = 'config'): Record<string, string> => ({
    ...{ XDG_CONFIG_HOME: at(config), PORCHLIGHT_DATA: at('no-agent'), HOME: folder },
    ...{ DISPLAY: '', WAYLAND_DISPLAY: '', BROWSER: '' },
  });
  const options = ({ env: more, ...rest }: StartOptions): StartOptions => ({
    ...rest,
    env: { ...env(), ...more },
  });
  const rig = {
    ...{ at, relay, alice, origin, robot, token, env, startSshd, sshPort },
    /** Runs a command of the person's to its end. */
    porchlight: (args: readonly string[], more: StartOptions = {}) => runPorchlight(args, options(more)),
    /** Starts one that goes on. */
    start(args: readonly string[], more: StartOptions = {}): RunningProgram {
      const program = startPorchlight(args, options(more));
      running.push(program);
      return program;
    },
    async close() {
      for (const program of running) await program.stop();
      await relay.close();
      web.closeAllConnections();
      web.close();
      echo.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  const login = await rig.porchlight(['login', origin, '--token'], { input: token });
  expect(login).toMatchObject({ code: 0, stderr: '' });
  return rig;
}

/** Command lines of all processes of this machine, as anybody can see them. */
export async function commandLines(): Promise<string> {
  const { stdout } = await runProgram('ps', ['-eo', 'args', '-ww']);
  expect(stdout).toContain('ps -eo args');
  return stdout;
}

export const textOf = (path: string): Promise<string> => readFile(path, 'utf8');
