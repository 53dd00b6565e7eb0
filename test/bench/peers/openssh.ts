import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type RunningProgram, requireProgram, runProgram, startProgram } from '@porchlight/testkit';
import { sleep } from '../figures.ts';
import type { BenchRelay } from '../porchlight.ts';
import { freePort, listening } from '../processes.ts';
import type { Scene } from '../row.ts';

export interface OpenSsh {
  /** By the names that were given: the port on the server that leads to the target. */
  readonly ports: ReadonlyMap<string, number>;
  readonly programs: readonly RunningProgram[];
}

/**
 * The tunnel that people have without us: OpenSSH's sshd with keys and a configuration of its own on loopback, and
 * `ssh -R` from "the device" to it, with OpenSSH's own choice of algorithms.
 */
export async function startOpenSsh(scene: Scene, targets: ReadonlyMap<string, number>): Promise<OpenSsh> {
  const sshd = await program('sshd', 'openssh-server');
  const ssh = await program('ssh', 'openssh-client');
  const folder = await scene.use(mkdtemp(join(tmpdir(), 'porchlight-bench-ssh-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  // Where sshd confines its unprivileged half.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true });
  for (const key of ['host', 'user']) {
    const made = await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)]);
    if (made.code !== 0) throw new Error(made.stderr);
  }
  const port = await freePort();
  await writeFile(join(folder, 'authorized'), await readFile(join(folder, 'user.pub')), { mode: 0o600 });
  const host = await readFile(join(folder, 'host.pub'), 'utf8');
  await writeFile(join(folder, 'known'), `[127.0.0.1]:${port} ${host}`);
  await writeFile(
    join(folder, 'sshd_config'),
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${folder}/host
AuthorizedKeysFile ${folder}/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding yes
`,
  );
  const server = await scene.use(startProgram(sshd, ['-D', '-e', '-f', join(folder, 'sshd_config')]), (it) =>
    it.stop(),
  );
  await listening(port);
  const ports = new Map<string, number>();
  for (const name of targets.keys()) ports.set(name, await freePort());
  const forwards = [...targets].flatMap(([name, target]) => [
    '-R',
    `127.0.0.1:${ports.get(name)}:127.0.0.1:${target}`,
  ]);
  const key = ['-F', 'none', '-N', '-i', join(folder, 'user'), '-p', String(port)];
  const options = [`UserKnownHostsFile=${folder}/known`, 'ExitOnForwardFailure=yes', 'IdentitiesOnly=yes'];
  const client = await scene.use(
    startProgram(ssh, [
      ...key,
      ...options.flatMap((option) => ['-o', option]),
      ...forwards,
      `${userInfo().username}@127.0.0.1`,
    ]),
    (it) => it.stop(),
  );
  for (const forwarded of ports.values()) await listening(forwarded);
  return { ports, programs: [server, client] };
}

export interface StockDevice {
  readonly id: string;
  readonly name: string;
  readonly program: RunningProgram;
}

/** OpenSSH's client as a device of our relay: `ssh -N -R NAME:PORT:127.0.0.1:PORT`, let in by an enrolment token. */
export async function startStockDevice(
  scene: Scene,
  relay: BenchRelay,
  { folder, targets }: { folder: string; targets: ReadonlyMap<string, number> },
): Promise<StockDevice> {
  const ssh = await program('ssh', 'openssh-client');
  const made = await runProgram('ssh-keygen', [
    '-q',
    '-t',
    'ed25519',
    '-N',
    '',
    '-f',
    join(folder, 'device'),
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
  const { token } = (await relay.api('POST', '/api/enrolment-tokens', {})) as { token: string };
  const options = [
    `UserKnownHostsFile=${folder}/known`,
    'StrictHostKeyChecking=accept-new',
    'LogLevel=ERROR',
  ];
  const running = await scene.use(
    startProgram(ssh, [
      ...['-F', 'none', '-N', '-i', join(folder, 'device'), '-p', String(relay.ports.ssh)],
      ...[...options, 'IdentitiesOnly=yes', 'ExitOnForwardFailure=yes'].flatMap((option) => ['-o', option]),
      ...[...targets].flatMap(([name, target]) => ['-R', `${name}:${target}:127.0.0.1:${target}`]),
      `${token}@127.0.0.1`,
    ]),
    (it) => it.stop(),
  );
  for (;;) {
    const listed = (await relay.api('GET', '/api/devices')) as {
      items: { id: string; name: string; services: { name: string; offered: boolean }[] }[];
    };
    const [device] = listed.items;
    if (device !== undefined && device.services.filter(({ offered }) => offered).length === targets.size)
      return { id: device.id, name: device.name, program: running };
    await sleep(50);
  }
}

async function program(name: string, packageName: string): Promise<string> {
  const { path, missing } = await requireProgram(name, packageName);
  if (path === undefined) throw new Error(missing);
  return path;
}
