import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import http, { type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, AgentConfigFile, joinRelay, silentLogger, startAgent } from '@porchlight/agent';
import {
  builtFiles,
  loadConfig,
  type Relay,
  silentLogger as relaySilence,
  startRelay,
} from '@porchlight/relay';

/** A whole answer; for tests with small bodies. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Somebody with an account and a browser session. */
export interface TestPerson {
  readonly id: string;
  readonly name: string;
  readonly password: string;
  /** Value of the `Cookie` header at the console. */
  readonly cookie: string;
  /** Calls the console's API as this person; `body` is sent as JSON. */
  api(method: string, path: string, body?: unknown): Promise<Answer>;
}

export interface TestDevice {
  readonly id: string;
  readonly name: string;
  readonly dataFolder: string;
  readonly agent: Agent;
  /** Stops the agent; what it keeps stays. */
  stop(): Promise<void>;
  /** Starts it again; resolves when its link is up. */
  start(): Promise<void>;
}

export type TestRelay = Awaited<ReturnType<typeof startTestRelay>>;

/**
 * A real relay on loopback in this process, with data of its own, for tests. `options` are configuration flags by
 * name, e.g. `{ metrics: '0' }`; `data` reuses a folder. Close it at the end: its devices are stopped with it.
 */
export async function startTestRelay(options: Readonly<Record<string, string>> = {}) {
  const data = options['data'] ?? (await mkdtemp(join(tmpdir(), 'porchlight-test-')));
  const { config } = loadConfig({
    options: { data, http: '0', https: '0', ssh: '0', mqtt: '0', mqtts: '0', forwardPorts: '0', ...options },
    env: {},
  });
  const relay: Relay = await startRelay({ config, ...builtFiles(), logger: relaySilence });
  const ends: (() => Promise<unknown>)[] = [];
  const { http: port } = relay.ports;
  if (port === undefined) throw new Error('the test relay needs its HTTP port');

  /** Sends a request to the relay's HTTP port under any host name, e.g. `web--robot.localhost`. */
  const visit = (host: string, path: string, ask: Ask = {}): Promise<Answer> =>
    request({ port, host: `${host}:${port}`, path, ...ask });

  const person = async (name: string, role: 'admin' | 'member' = 'member'): Promise<TestPerson> => {
    const password = randomBytes(12).toString('hex');
    const { id } = await relay.accounts.create(
      { name: 'test', address: undefined },
      { name, password, role },
    );
    const origin = `http://localhost:${port}`;
    const call = (method: string, path: string, body?: unknown, cookie?: string): Promise<Answer> =>
      visit('localhost', path, {
        method,
        headers: {
          origin,
          ...(cookie === undefined ? {} : { cookie }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const signedIn = await call('POST', '/api/sign-in', { name, password });
    const cookie = signedIn.headers['set-cookie']?.[0]?.split(';')[0];
    if (cookie === undefined) throw new Error(`sign-in failed: ${signedIn.status} ${signedIn.body}`);
    return { id, name, password, cookie, api: (method, path, body) => call(method, path, body, cookie) };
  };

  /** A real agent that joined with a token, with these services; resolves when its link is up. */
  const device = async (
    owner: TestPerson,
    name: string,
    services: Readonly<Record<string, string>> = {},
    environment: Readonly<Record<string, string>> = {},
  ): Promise<TestDevice> => {
    const dataFolder = await mkdtemp(join(tmpdir(), 'porchlight-agent-'));
    const { token } = await relay.enrolmentTokens.make(
      { accountId: owner.id, accountName: owner.name, address: 'test' },
      { note: '', tags: [], hours: 1, uses: 1 },
    );
    const joined = await joinRelay({
      dataFolder,
      url: `http://localhost:${port}`,
      token,
      account: undefined,
      name,
      caFile: undefined,
      fingerprint: undefined,
      environment,
      signal: AbortSignal.timeout(20_000),
      onPending: () => undefined,
    });
    const file = new AgentConfigFile(dataFolder);
    for (const [service, target] of Object.entries(services)) await file.expose(service, { target });
    const offered = async (): Promise<void> => {
      // The agent's own word is not enough: wait until the relay knows every service.
      for (;;) {
        const listed = await owner.api('GET', `/api/devices?search=${joined.device}`);
        const found: unknown = JSON.parse(listed.body).items?.[0];
        const names = Object.keys(services);
        if (isUpWith(found, names)) return;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const begin = async (): Promise<Agent> => {
      const agent = await startAgent({ dataFolder, environment, logger: silentLogger });
      await offered();
      return agent;
    };
    let agent = await begin();
    const listed = await owner.api('GET', `/api/devices?search=${joined.device}`);
    const { id } = JSON.parse(listed.body).items[0];
    ends.push(async () => {
      await agent.close();
      await rm(dataFolder, { recursive: true, force: true });
    });
    return {
      id,
      name: joined.device,
      dataFolder,
      get agent() {
        return agent;
      },
      stop: () => agent.close(),
      async start() {
        agent = await begin();
      },
    };
  };

  /**
   * Signs a person on at a published host, as a browser does: follows the redirects and gives the host's cookie.
   */
  const signOn = async (who: TestPerson, host: string): Promise<string> => {
    const begin = await visit(host, '/', { headers: { accept: 'text/html' } });
    const state = begin.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    const atConsole = new URL(begin.headers.location ?? '');
    const code = await visit('localhost', `${atConsole.pathname}${atConsole.search}`, {
      headers: { cookie: who.cookie },
    });
    const back = new URL(code.headers.location ?? '');
    const done = await visit(host, `${back.pathname}${back.search}`, { headers: { cookie: state } });
    const cookie = done.headers['set-cookie']?.find((one) => one.includes('visit='))?.split(';')[0];
    if (cookie === undefined) throw new Error(`sign-on failed: ${done.status} ${done.body}`);
    return cookie;
  };

  return {
    relay,
    data,
    port,
    visit,
    person,
    device,
    signOn,
    async close() {
      for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
      await relay.close();
      if (options['data'] === undefined) await rm(data, { recursive: true, force: true });
    },
  };
}

function isUpWith(device: unknown, services: readonly string[]): boolean {
  if (typeof device !== 'object' || device === null) return false;
  const { link, services: known } = device as {
    link: { up: boolean };
    services: { name: string; offered: boolean }[];
  };
  return link.up && services.every((name) => known.some((one) => one.name === name && one.offered));
}

/** One HTTP/1.1 request to a port of this machine, under any Host. */
export function request(to: { port: number; host: string; path: string } & Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = http.request(
      {
        host: '127.0.0.1',
        port: to.port,
        path: to.path,
        method: to.method ?? 'GET',
        headers: { ...to.headers, host: to.host },
        agent: false,
      },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (body += chunk));
        answer.on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(to.body);
  });
}
