import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Answer,
  type RunningProgram,
  request,
  runPorchlight,
  startPorchlight as startCommand,
} from '@porchlight/testkit';
import { sleep } from './figures.ts';
import type { Scene } from './row.ts';

export const DOMAIN = 'home.localhost';

/** A policy with rules in force: those before the one that fits are looked at for each request. */
const POLICY = `service web
  deny  *        /admin/**
  deny  POST     /settings/**            for role guest
  allow GET,HEAD /{small,10k,100k,big}   for person bench
  default deny
`;

export interface RelayPorts {
  readonly http: number;
  readonly ssh: number;
  readonly mqtt: number;
}

/** A relay as a process from the command line, on loopback, and somebody with an account there. */
export interface BenchRelay {
  readonly program: RunningProgram;
  readonly ports: RelayPorts;
  readonly data: string;
  /** Calls the API as the account `bench`, which is an admin. */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  /** The visit cookie that a browser has after signing on at a published host. */
  signOn(host: string): Promise<string>;
  /** Kills it as a power cut does, and starts it again on the same data and ports. */
  crashAndRestart(): Promise<void>;
}

export async function startRelay(
  scene: Scene,
  settings: Readonly<Record<string, string>> = {},
): Promise<BenchRelay> {
  const data = await temporaryFolder(scene, 'relay');
  const password = randomBytes(12).toString('hex');
  await command(['relay', 'user', 'add', 'bench', '--admin', '--password-stdin', '--data', data], password);
  const launch = async (wish: RelayPorts): Promise<{ program: RunningProgram; ports: RelayPorts }> => {
    const flags = {
      data,
      domain: DOMAIN,
      http: wish.http,
      https: 0,
      ssh: wish.ssh,
      mqtt: wish.mqtt,
      mqtts: 0,
      log: 'json',
      'forward-ports': 0,
    };
    const program = startCommand(
      ['relay', ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])],
      { env: { ...profile('relay'), ...settings } },
    );
    const ready = await program.json((line) => line['msg'] === 'relay ready');
    return {
      program,
      ports: { http: Number(ready['http']), ssh: Number(ready['ssh']), mqtt: Number(ready['mqtt']) },
    };
  };
  let running = await launch({ http: 0, ssh: 0, mqtt: 0 });
  await scene.use(undefined, () => running.program.stop());
  const console = `${DOMAIN}:${running.ports.http}`;
  const call = (
    host: string,
    path: string,
    ask: Parameters<typeof request>[0] | object = {},
  ): Promise<Answer> => request({ port: running.ports.http, host, path, ...ask });
  const origin = { origin: `http://${console}` };
  const signedIn = await call(console, '/api/sign-in', {
    method: 'POST',
    headers: { ...origin, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', password }),
  });
  const session = cookieOf(signedIn, '');
  return {
    data,
    get program() {
      return running.program;
    },
    get ports() {
      return running.ports;
    },
    async api(method, path, body) {
      const json = body === undefined ? {} : { 'content-type': 'application/json' };
      const answer = await call(console, path, {
        method,
        headers: { ...origin, cookie: session, ...json },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
      return answer.body === '' ? undefined : (JSON.parse(answer.body) as unknown);
    },
    async signOn(host) {
      const begin = await call(host, '/small', { headers: { accept: 'text/html' } });
      const code = await call(console, pathOf(begin), { headers: { cookie: session } });
      const done = await call(host, pathOf(code), { headers: { cookie: cookieOf(begin, 'state') } });
      return cookieOf(done, 'visit');
    },
    async crashAndRestart() {
      await running.program.stop('SIGKILL');
      running = await launch(running.ports);
    },
  };
}

export interface BenchDevice {
  readonly id: string;
  readonly data: string;
  readonly agent: RunningProgram;
}

export interface DeviceWish {
  readonly services: Readonly<Record<string, string>>;
  readonly netns?: string | undefined;
  /** Where the agent dials, if not to the relay's own SSH port. */
  readonly ssh?: string;
  /** It links by MQTT alone. */
  readonly viaMqtt?: boolean;
}

/** An agent as a process from the command line, with a policy, joined by token; resolves when its link is up. */
export async function startDevice(scene: Scene, relay: BenchRelay, wish: DeviceWish): Promise<BenchDevice> {
  const data = await temporaryFolder(scene, 'agent');
  const made = await relay.api('POST', '/api/enrolment-tokens', {});
  const token = field(made, 'token');
  const url = `http://localhost:${relay.ports.http}`;
  await command(['agent', 'join', url, '--token', token, '--name', 'box', '--data', data]);
  for (const [name, target] of Object.entries(wish.services))
    await command(['agent', 'expose', name, target, '--data', data]);
  await writeFile(join(data, 'policy'), POLICY, { mode: 0o600 });
  if (wish.ssh !== undefined) await dialTo(data, wish.ssh);
  if (wish.viaMqtt === true) await linkViaMqtt(relay, data);
  const agent = await scene.use(
    startCommand(['agent', 'run', '--data', data], { netns: wish.netns, env: profile('agent') }),
    (it) => it.stop(),
  );
  await agent.json((line) => line['msg'] === 'link up');
  for (;;) {
    const listed = await relay.api('GET', '/api/devices?search=box');
    const device: unknown = (field(listed, 'items') as unknown as unknown[])[0];
    const services = field(device, 'services') as unknown as { offered: boolean }[];
    if (services.filter(({ offered }) => offered).length === Object.keys(wish.services).length)
      return { id: field(device, 'id'), data, agent };
    await sleep(50);
  }
}

/** Relay and agent, and a person signed on at the service `web`, whose requests the policy lets through. */
export async function startPorchlight(scene: Scene, wish: DeviceWish) {
  const relay = await startRelay(scene);
  const device = await startDevice(scene, relay, wish);
  const host = `web--box.${DOMAIN}:${relay.ports.http}`;
  const cookie = await relay.signOn(host);
  const denied = await request({ port: relay.ports.http, host, path: '/not-named', headers: { cookie } });
  if (denied.status !== 403) throw new Error(`the policy is not in force: ${denied.status}`);
  return { relay, device, host, cookie, programs: [relay.program, device.agent] };
}

/** Gives the device that has just joined credentials for MQTT, and makes the agent use them. */
async function linkViaMqtt(relay: BenchRelay, data: string): Promise<void> {
  const listed = await relay.api('GET', '/api/devices?search=box');
  const id = field((field(listed, 'items') as unknown as unknown[])[0], 'id');
  const made = await relay.api('POST', `/api/devices/${id}/mqtt-credentials`, { name: 'bench' });
  const file = join(data, 'given-password');
  await writeFile(file, field(made, 'password'), { mode: 0o600 });
  const url = `mqtt://127.0.0.1:${relay.ports.mqtt}`;
  await command(['agent', 'via', 'mqtt', url, '--user', 'box', '--password-file', file, '--data', data]);
}

async function dialTo(data: string, ssh: string): Promise<void> {
  const file = join(data, 'agent.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/^(\s*ssh:).*$/m, `$1 ${ssh}`));
}

async function command(args: readonly string[], input?: string): Promise<void> {
  const { code, stderr } = await runPorchlight(args, input === undefined ? {} : { input });
  if (code !== 0) throw new Error(`porchlight ${args.slice(0, 3).join(' ')}: ${stderr}`);
}

function temporaryFolder(scene: Scene, what: string): Promise<string> {
  return scene.use(mkdtemp(join(tmpdir(), `porchlight-bench-${what}-`)), (path) =>
    rm(path, { recursive: true, force: true }),
  );
}

function pathOf(redirect: Answer): string {
  const { pathname, search } = new URL(redirect.headers.location ?? '');
  return `${pathname}${search}`;
}

function cookieOf(answer: Answer, name: string): string {
  const found = answer.headers['set-cookie']?.find((one) => one.split('=')[0]?.includes(name));
  if (found === undefined) throw new Error(`no ${name} cookie came: ${answer.status} ${answer.body}`);
  return found.split(';')[0] ?? '';
}

/** A field of an answer of the API; what the bench asks for is text. */
function field(answer: unknown, name: string): string {
  const value: unknown =
    typeof answer === 'object' && answer !== null ? Reflect.get(answer, name) : undefined;
  if (value === undefined) throw new Error(`the answer has no ${name}: ${JSON.stringify(answer)}`);
  return value as string;
}

/** With BENCH_PROFILE=FOLDER each program writes a CPU profile there when it ends. */
function profile(who: string): Record<string, string> {
  const folder = process.env['BENCH_PROFILE'];
  if (folder === undefined) return {};
  return { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${join(folder, who)} --cpu-prof-interval=500` };
}
