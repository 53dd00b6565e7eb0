import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Networks,
  openNetworks,
  type ProcessPerson,
  type ProcessRelay,
  type RunningProgram,
  requireNetworks,
  requireProgram,
  runProgram,
  startProcessRelay,
  startProgram,
  until,
} from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const DOMAIN = 'relay.test';
const able = await requireNetworks();
const dropbear = await requireProgram('dbclient', 'dropbear-bin');
const missing = able.missing ?? dropbear.missing;

/** One device with two connections, OpenSSH's from the home and dropbear's from the barn; real networks, real time. */
describe.skipIf(missing)(`a stock device behind a router ${missing ?? ''}`, () => {
  let networks: Networks;
  let relay: ProcessRelay;
  let owner: ProcessPerson;
  let folder: string;
  let device: string;
  const programs: RunningProgram[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porchlight-stock-network-'));
    networks = await openNetworks([DOMAIN]);
    relay = await startProcessRelay({
      domain: DOMAIN,
      address: networks.relayAddress,
      netns: networks.relay,
      visitors: networks.visitor,
    });
    owner = await relay.person('alice');
    const key = join(folder, 'key');
    await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    await runProgram('dropbearconvert', ['openssh', 'dropbear', key, join(folder, 'dropbear')]);
    const { stdout } = await runProgram('ssh-keygen', ['-y', '-f', key]);
    const made = await owner.api('POST', '/api/devices', { name: 'robot', publicKey: stdout.trim() });
    device = JSON.parse(made.body).id;
  }, 120_000);

  afterAll(async () => {
    for (const program of programs) await program.stop('SIGKILL');
    await relay?.close();
    await networks?.close();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  const start = (netns: string, command: string, args: readonly string[]): RunningProgram => {
    const program = startProgram(command, args, { netns });
    programs.push(program);
    return program;
  };
  const at = (): string[] => ['-p', String(relay.ports.ssh), `robot@${networks.relayAddress}`];
  const openssh = (forward: string): RunningProgram =>
    start(networks.home, 'ssh', [
      ...['-N', '-F', '/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
      ...['-i', join(folder, 'key'), '-R', forward, ...at()],
    ]);
  const offered = async (): Promise<string[]> => {
    const view = JSON.parse((await owner.api('GET', `/api/devices/${device}`)).body);
    return view.services
      .filter((one: { offered: boolean }) => view.link.up && one.offered)
      .map((one: { name: string }) => one.name);
  };
  const became = async (names: readonly string[]): Promise<number> => {
    const started = performance.now();
    await until(async () => JSON.stringify(await offered()) === JSON.stringify(names));
    return Math.round((performance.now() - started) / 100) / 10;
  };

  it('a connection that leads nowhere is noticed within 30 s, ends alone, and blocks no port', {
    timeout: 90_000,
  }, async () => {
    openssh('8080:127.0.0.1:9');
    start(networks.barn, 'dbclient', [
      ...['-N', '-y', '-y', '-i', join(folder, 'dropbear'), '-R', '2222:127.0.0.1:9', ...at()],
    ]);
    await became(['2222', '8080']);
    // The home's packets vanish without a word, both ways.
    await networks.rules({ forward: ['ip saddr 192.168.77.2 drop', 'ip daddr 192.168.77.2 drop'] });
    const noticed = await became(['2222']);
    process.stderr.write(`a half-open connection of a stock client was noticed after ${noticed} s\n`);
    expect(noticed).toBeLessThan(32);
    const downs = relay.program.lines.filter((line) => line.includes('"link down"'));
    expect(downs).toEqual([]);
    await networks.rules({});
    openssh('8080:127.0.0.1:9');
    await became(['2222', '8080']);
    // The next one dies too; another takes its port over without waiting for that to be noticed.
    const last = programs.at(-1);
    const ports = await networks.run(networks.home, 'ss', '-tnHp', 'state', 'established');
    const port = new RegExp(`:(\\d+)\\s.*pid=${last?.pid},`).exec(ports)?.[1];
    expect(port).toBeDefined();
    await networks.rules({ forward: [`tcp sport ${port} drop`, `tcp dport ${port} drop`] });
    const fresh = openssh('8080:127.0.0.1:9');
    await until(async () => fresh.lines.length > 0 || (await offered()).includes('8080'));
    await became(['2222', '8080']);
    expect(fresh.lines.filter((line) => /failed|refused/.test(line))).toEqual([]);
  });
});
