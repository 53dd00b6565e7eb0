import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type RunningProgram,
  requireNetworks,
  runPorchlight,
  runProgram,
  startPorchlight,
  startScript,
} from '@porchlight/testkit';

export const requireLan = requireNetworks;

const PREFIX = `pltest${process.pid}`;
/** On the LAN, 10.77.0.0/16. */
export const ADDRESSES = {
  base: '10.77.0.1',
  esp: '10.77.0.2',
  other: '10.77.0.3',
  sensor: '10.77.0.4',
  impostor: '10.77.0.66',
};
export type Role = keyof typeof ADDRESSES;

/** A LAN: a bridge, and a namespace for each role, with its one interface `eth`. */
export async function openLan() {
  const made: string[] = [];
  const netns = (role: Role) => `${PREFIX}${role}`;
  async function must(command: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runProgram(command, args);
    if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
    return stdout;
  }
  const ip = (role: Role, ...args: string[]) => must('ip', '-n', netns(role), ...args);
  async function close(): Promise<void> {
    for (const name of made.splice(0)) await must('ip', 'netns', 'del', name);
  }
  try {
    const bridge = `${PREFIX}bridge`;
    await must('ip', 'netns', 'add', bridge);
    made.push(bridge);
    await must('ip', '-n', bridge, 'link', 'add', 'lan', 'type', 'bridge');
    await must('ip', '-n', bridge, 'link', 'set', 'lan', 'up');
    for (const [role, address] of Object.entries(ADDRESSES) as [Role, string][]) {
      await must('ip', 'netns', 'add', netns(role));
      made.push(netns(role));
      await ip(role, 'link', 'set', 'lo', 'up');
      await ip(role, 'link', 'add', 'eth', 'type', 'veth', 'peer', 'name', role, 'netns', bridge);
      await must('ip', '-n', bridge, 'link', 'set', role, 'master', 'lan');
      await must('ip', '-n', bridge, 'link', 'set', role, 'up');
      await ip(role, 'addr', 'add', `${address}/16`, 'dev', 'eth');
      await ip(role, 'link', 'set', 'eth', 'up');
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    netns,
    ip,
    run: (role: Role, command: string, ...args: string[]) =>
      must('ip', 'netns', 'exec', netns(role), command, ...args),
    /** Starts a program of this folder there; `wish` is given as JSON. */
    start: (role: Role, program: string, wish: object): RunningProgram =>
      startScript(join(import.meta.dirname, program), [JSON.stringify(wish)], { netns: netns(role) }),
    /** What somebody there gets for a GET, as `status body`. */
    async get(role: Role, url: string): Promise<string> {
      const args = ['-sS', '--max-time', '20', '-w', '\n%{http_code}', url];
      const lines = (await must('ip', 'netns', 'exec', netns(role), 'curl', ...args)).split('\n');
      return `${lines.pop()} ${lines.join('\n')}`;
    },
    close,
  };
}
export type Lan = Awaited<ReturnType<typeof openLan>>;

export type Station = Awaited<ReturnType<typeof startStation>>;

/** A real agent without a relay, which is a base station there with everything as it is by default; once that is `ready`. */
export async function startStation(lan: Lan, role: Role = 'base', ready = 'host name on the LAN') {
  const data = await mkdtemp(join(tmpdir(), 'porchlight-base-'));
  await writeFile(join(data, 'agent.yaml'), 'baseStation: {}\n');
  const options = { netns: lan.netns(role), env: { PORCHLIGHT_SETTINGS: '127.0.0.1:8094' } };
  const run = () => startPorchlight(['agent', 'run', '--data', data], options);
  const named = (program: RunningProgram) => program.json((line) => line['msg'] === ready);
  const station = {
    program: run(),
    /** `porchlight agent base-station …`, its answer in JSON. @throws Error with what it said, when it fails */
    async ask<T = unknown>(...args: string[]): Promise<T> {
      const flags = ['--data', data, '--json'];
      const { code, stdout, stderr } = await runPorchlight(['agent', 'base-station', ...args, ...flags]);
      if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
    /** As after a power cut. */
    async restart(): Promise<void> {
      await station.program.stop('SIGKILL');
      station.program = run();
      await named(station.program);
    },
    async close(): Promise<void> {
      await station.program.stop();
      await rm(data, { recursive: true });
    },
  };
  try {
    await named(station.program);
  } catch (error) {
    await station.close();
    throw error;
  }
  return station;
}
