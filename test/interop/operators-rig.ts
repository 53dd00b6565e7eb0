/** A relay with an agent, another account's agent and a stock device, and a person with OpenSSH and a key. */
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import {
  type Finished,
  type RunningProgram,
  requireProgram,
  runProgram,
  startProgram,
  startTestRelay,
} from '@porchlight/testkit';
import { expect } from 'vitest';

const ssh = await requireProgram('ssh', 'openssh-client');
const sshd = await requireProgram('sshd', 'openssh-server');
export const curl = await requireProgram('curl', 'curl');
/** What these tests lack, if anything. */
export const missing = ssh.missing ?? sshd.missing ?? curl.missing;
const user = userInfo().username;
/** For what waits for programs to start and to find each other. */
export const PATIENT = { timeout: 20_000 };
export const portOf = (server: net.Server): number => (server.address() as AddressInfo).port;

/** A port that was free a moment ago, for a program that cannot choose one itself. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

export type OperatorsRig = Awaited<ReturnType<typeof openOperatorsRig>>;

export async function openOperatorsRig() {
  const running: RunningProgram[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'porchlight-operators-'));
  const at = (name: string): string => join(folder, name);
  /** Runs one of OpenSSH's programs with the configuration of this test, to its end. */
  const run = (program: string, args: readonly string[], input = ''): Promise<Finished> =>
    runProgram(program, ['-F', at('config'), ...args], { input });
  /** A command of the relay. */
  const command = (...words: string[]): Promise<Finished> => run('ssh', ['operator', ...words]);
  const json = async (...words: string[]) => {
    const { code, stdout, stderr } = await command(...words, '--json');
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout);
  };
  const start = (args: readonly string[]): RunningProgram => {
    const program = startProgram('ssh', ['-F', at('config'), ...args]);
    running.push(program);
    return program;
  };
  const master = async (name: string, host: string): Promise<string> => {
    const socket = at(`${name}.sock`);
    start(['-M', '-S', socket, '-N', host]);
    await expect
      .poll(async () => (await run('ssh', ['-S', socket, '-O', 'check', host])).code, PATIENT)
      .toBe(0);
    return socket;
  };

  for (const name of ['person', 'other', 'device', 'target', 'target-host']) {
    await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', at(name)]);
  }
  const sshdPort = await freePort();
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true });
  await writeFile(at('authorized_keys'), await readFile(at('target.pub')), { mode: 0o600 });
  await writeFile(
    at('sshd_config'),
    [
      `Port ${sshdPort}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${at('target-host')}`,
      `AuthorizedKeysFile ${at('authorized_keys')}`,
      'StrictModes no',
      'UsePAM no',
      'PidFile none',
      'MaxSessions 100',
      'Subsystem sftp internal-sftp',
      '',
    ].join('\n'),
  );
  const daemon = startProgram(sshd.path ?? '', ['-D', '-e', '-f', at('sshd_config')]);
  running.push(daemon);
  const web = http.createServer((req, res) => res.end(`hello from ${req.url}`)).listen(0, '127.0.0.1');
  // Answers only once it has heard the end of the question.
  const late = net.createServer({ allowHalfOpen: true }, (socket) => {
    let asked = '';
    socket.setEncoding('utf8').on('data', (text: string) => (asked += text));
    socket.on('end', () => socket.end(`answer to ${asked}`));
    socket.on('error', () => socket.destroy());
  });
  late.listen(0, '127.0.0.1');
  await Promise.all([once(web, 'listening'), once(late, 'listening')]);

  const relay = await startTestRelay();
  const alice = await relay.person('alice', 'admin');
  const bob = await relay.person('bob');
  const publicKey = await readFile(at('person.pub'), 'utf8');
  await alice.api('POST', '/api/me/ssh-keys', { publicKey });
  const token = JSON.parse((await alice.api('POST', '/api/me/access-tokens', { name: 'cli' })).body).token;
  const { ssh: port } = relay.relay.ports;
  await writeFile(
    at('config'),
    [
      'Host operator',
      '  HostName 127.0.0.1',
      `  Port ${port}`,
      '  User operator',
      `  IdentityFile ${at('person')}`,
      'Host router1 agentbox bobs-box nobodys-box ssh.agentbox',
      '  ProxyJump operator',
      `  User ${user}`,
      `  IdentityFile ${at('target')}`,
      'Host agentbox',
      `  Port ${sshdPort}`,
      'Host *',
      '  StrictHostKeyChecking accept-new',
      `  UserKnownHostsFile ${at('known_hosts')}`,
      '  IdentitiesOnly yes',
      '  BatchMode yes',
      '  LogLevel ERROR',
      '',
    ].join('\n'),
  );
  await relay.device(alice, 'agentbox', { ssh: `tcp://127.0.0.1:${sshdPort}` });
  await relay.device(bob, 'bobs-box', { ssh: `tcp://127.0.0.1:${sshdPort}` });
  const stock = start([
    ...[
      '-N',
      '-o',
      'LogLevel=INFO',
      '-i',
      at('device'),
      '-p',
      String(port),
      '-o',
      'ExitOnForwardFailure=yes',
    ],
    ...[
      '-R',
      `22:127.0.0.1:${sshdPort}`,
      '-R',
      `80:127.0.0.1:${portOf(web)}`,
      '-R',
      `7000:127.0.0.1:${portOf(late)}`,
    ],
    'router1@127.0.0.1',
  ]);

  return {
    ...{ relay, alice, stock, web, sshdPort, token, running, at, run, command, json, start, master },
    async close() {
      for (const program of running) await program.stop('SIGKILL');
      await relay.close();
      web.close();
      late.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
