import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CurlAnswer, curl } from './curl.ts';
import { type Finished, type RunningProgram, runPorchlight, startPorchlight } from './processes.ts';

export interface ProcessRelayOptions {
  /** Further command line for the relay. */
  readonly flags?: readonly string[];
  /** Default `home.localhost`, which is served on loopback only. */
  readonly domain?: string;
  /** Address of the relay as visitors reach it. */
  readonly address?: string;
  /** Network namespaces of the relay and of its visitors. */
  readonly netns?: string;
  readonly visitors?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Somebody with an account, a session and an access token. */
export interface ProcessPerson {
  readonly name: string;
  readonly password: string;
  /** `name=value` of the console's cookie. */
  readonly cookie: string;
  readonly token: string;
  /** Calls the API with the access token, or with what `as` says. */
  api(method: string, path: string, body?: unknown, as?: 'token' | 'session'): Promise<CurlAnswer>;
}

/** An agent as a process of its own. */
export interface ProcessDevice {
  readonly id: string;
  readonly name: string;
  readonly data: string;
  readonly agent: RunningProgram;
  /** Starts the agent again, after it was stopped; resolves when its link is up. */
  start(): Promise<void>;
  /** Runs `porchlight agent …` on its data folder. */
  command(args: readonly string[]): Promise<Finished>;
  /** What the relay says of it. */
  view(): Promise<DeviceView>;
}

export interface DeviceView {
  readonly id: string;
  readonly name: string;
  readonly link: { readonly up: boolean; readonly transport?: string; readonly address?: string };
  readonly services: readonly { name: string; access: string; offered: boolean; url?: string }[];
}

export interface DeviceOptions {
  readonly netns?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Where the agent finds the relay; by default the HTTP port on loopback. */
  readonly url?: string;
  /** Added to the command line of `agent join`. */
  readonly join?: readonly string[];
}

interface Ports {
  readonly http: number;
  readonly https: number;
  readonly ssh: number;
  readonly mqtt: number;
  readonly mqtts: number;
}

export type ProcessRelay = Awaited<ReturnType<typeof startProcessRelay>>;

/**
 * A relay as its users run it: a process started by the command line, with agents that are processes too, and curl
 * for everybody who visits. Close it at the end: everything that it started ends with it.
 */
export async function startProcessRelay(options: ProcessRelayOptions = {}) {
  const { domain = 'home.localhost', address = '127.0.0.1', netns, visitors } = options;
  const data = await mkdtemp(join(tmpdir(), 'porchlight-e2e-relay-'));
  const ends: (() => Promise<unknown>)[] = [() => rm(data, { recursive: true, force: true })];
  const flags = ['--data', data, '--domain', domain, ...(options.flags ?? [])];
  const settings = { netns, env: options.env ?? {} };

  const launch = async (wish: Ports): Promise<{ program: RunningProgram; ports: Ports }> => {
    const program = startPorchlight(
      ['relay', ...flags, '--log', 'json', '--forward-ports', '0'].concat(
        Object.entries(wish).flatMap(([name, port]) => [`--${name}`, String(port)]),
      ),
      settings,
    );
    const ready = await program.json((line) => line['msg'] === 'relay ready');
    const portOf = (name: string): number => Number(ready[name]);
    return {
      program,
      ports: {
        ...{ http: portOf('http'), https: portOf('https'), ssh: portOf('ssh') },
        ...{ mqtt: portOf('mqtt'), mqtts: portOf('mqtts') },
      },
    };
  };
  let { program, ports } = await launch({ http: 0, https: 0, ssh: 0, mqtt: 0, mqtts: 0 });
  ends.push(() => program.stop());
  const caFile = join(data, 'ca-for-tests.pem');

  /** Visits a host over HTTPS, trusting the relay's own authority. */
  const visit = (host: string, path: string, args: readonly string[] = []): Promise<CurlAnswer> => {
    const to = [
      '--cacert',
      caFile,
      '--resolve',
      `${host}:${ports.https}:${address}`,
      '--resolve',
      `${host}:${ports.http}:${address}`,
    ];
    const url = path.startsWith('http:')
      ? path.replace('http:', `http://${host}:${ports.http}`)
      : `https://${host}:${ports.https}${path}`;
    return curl([...to, ...args, url], { netns: visitors });
  };
  const ca = await visit(domain, '/install/ca.pem', ['-k']);
  await writeFile(caFile, ca.body);
  const origin = `https://${domain}:${ports.https}`;

  const api = async (
    method: string,
    path: string,
    body: unknown,
    headers: readonly string[],
  ): Promise<CurlAnswer> => {
    const sent =
      body === undefined ? [] : ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)];
    return visit(domain, path, ['-X', method, '-g', ...headers.flatMap((one) => ['-H', one]), ...sent]);
  };

  const command = (args: readonly string[], input?: string): Promise<Finished> =>
    runPorchlight(['relay', ...args, ...flags], { ...settings, ...(input === undefined ? {} : { input }) });

  const person = async (name: string, role: 'admin' | 'member' = 'member'): Promise<ProcessPerson> => {
    const password = randomBytes(12).toString('hex');
    const added = await command(
      ['user', 'add', name, '--password-stdin', ...(role === 'admin' ? ['--admin'] : [])],
      password,
    );
    if (added.code !== 0) throw new Error(`no account: ${added.stderr}`);
    const from = `Origin: ${origin}`;
    const signedIn = await api('POST', '/api/sign-in', { name, password }, [from]);
    const cookie = signedIn.headers['set-cookie']?.[0]?.split(';')[0];
    if (cookie === undefined) throw new Error(`sign-in failed: ${signedIn.status} ${signedIn.body}`);
    const session = [from, `Cookie: ${cookie}`];
    const made = await api('POST', '/api/me/access-tokens', { name: 'test' }, session);
    const token: unknown = JSON.parse(made.body).token;
    if (typeof token !== 'string') throw new Error(`no token: ${made.body}`);
    return {
      name,
      password,
      cookie,
      token,
      api: (method, path, body, as = 'token') =>
        api(method, path, body, as === 'token' ? [`Authorization: Bearer ${token}`] : session),
    };
  };

  /** Lets a device in by token and starts its agent; resolves when the relay knows its services. */
  const device = async (
    owner: ProcessPerson,
    name: string,
    services: Readonly<Record<string, string>>,
    wish: DeviceOptions = {},
  ): Promise<ProcessDevice> => {
    const folder = await mkdtemp(join(tmpdir(), 'porchlight-e2e-agent-'));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const inside = { netns: wish.netns, env: wish.env ?? {} };
    const command = (args: readonly string[]): Promise<Finished> =>
      runPorchlight(['agent', ...args, '--data', folder], inside);
    const mustDo = async (args: readonly string[]): Promise<void> => {
      const { code, stderr } = await command(args);
      if (code !== 0) throw new Error(`agent ${args[0]}: ${stderr}`);
    };
    const made = await owner.api('POST', '/api/enrolment-tokens', {});
    const { token } = JSON.parse(made.body);
    await mustDo([
      'join',
      wish.url ?? `http://localhost:${ports.http}`,
      '--token',
      token,
      '--name',
      name,
      ...(wish.join ?? []),
    ]);
    for (const [service, target] of Object.entries(services)) await mustDo(['expose', service, target]);
    const view = async (): Promise<DeviceView> => {
      const listed = await owner.api('GET', `/api/devices?search=${name}`);
      return JSON.parse(listed.body).items[0];
    };
    let agent: RunningProgram;
    const start = async (): Promise<void> => {
      agent = startPorchlight(['agent', 'run', '--data', folder], inside);
      await agent.json((line) => line['msg'] === 'link up');
      // The agent's own word is not enough: wait until the relay knows every service.
      await until(async () => {
        const { services: known, link } = await view();
        return (
          link.up && Object.keys(services).every((one) => known.some((it) => it.name === one && it.offered))
        );
      });
    };
    ends.push(() => agent.stop());
    await start();
    const { id } = await view();
    return {
      id,
      name,
      data: folder,
      get agent() {
        return agent;
      },
      start,
      command,
      view,
    };
  };

  return {
    data,
    domain,
    origin,
    caFile,
    get program() {
      return program;
    },
    get ports() {
      return ports;
    },
    visit,
    person,
    device,
    /** `porchlight relay …` on this relay's data folder. */
    command,
    /** Starts it again on the same data and ports, after it was stopped. */
    async start() {
      ({ program, ports } = await launch(ports));
    },
    async close() {
      for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
    },
  };
}

/** Looks again and again until it holds; for what nobody tells an outsider of. Gives up after `seconds`. */
export async function until(holds: () => Promise<boolean>, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await holds())) {
    if (performance.now() > end)
      throw new Error(`it did not become so within ${seconds} s: ${String(holds)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
