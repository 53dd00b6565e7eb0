/** A device without a relay that is a base station, as its user starts it; and what asks it to be let in. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningProgram, runPorchlight, runProgram, startPorchlight } from '@porchlight/testkit';

export type Station = Awaited<ReturnType<typeof startStation>>;

export async function startStation() {
  const folder = await mkdtemp(join(tmpdir(), 'porchlight-base-'));
  const env = { PORCHLIGHT_DATA: join(folder, 'data') };
  const run = (...args: string[]) => runPorchlight(['agent', 'base-station', ...args], { env });
  const places = ['--http', '127.0.0.1:0', '--mqtt', '127.0.0.1:0', '--mqtts', '127.0.0.1:0'];
  const switched = await run('on', ...places);
  if (switched.code !== 0) throw new Error(switched.stderr);
  let agent: RunningProgram;
  const ports = { http: 0, mqtt: 0, mqtts: 0 };
  let page = { url: '', claimCode: '' };

  async function start(): Promise<void> {
    agent = startPorchlight(['agent', 'run', '--settings', '127.0.0.1:0'], { env });
    const open = await agent.json((line) => line['msg'] === 'base station open');
    Object.assign(ports, { http: open['http'], mqtt: open['mqtt'], mqtts: open['mqtts'] });
    page = (await agent.json((line) => line['msg'] === 'settings page')) as unknown as typeof page;
  }

  /** @throws Error unless it exits with 0 */
  async function say(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await run(...args);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  }

  await start();
  return {
    folder,
    ports,
    page: () => page,
    agent: () => agent,
    say,
    tell: async (...args: string[]) => JSON.parse(await say(...args, '--json')) as unknown,
    run,
    /** A program on the LAN that may do so much. */
    async user(name: string, access: 'read' | 'write'): Promise<string> {
      const password = `the password of ${name}`;
      const file = join(folder, name);
      await writeFile(file, `${password}\n`);
      await say('user', 'add', name, '--password-file', file, '--access', access);
      return password;
    },
    async restart(): Promise<void> {
      await agent.stop();
      await start();
    },
    async close(): Promise<void> {
      await agent.stop();
      await rm(folder, { recursive: true });
    },
  };
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
  readonly base: string;
  readonly port: number;
}

/**
 * A device by the contract of EmonESP's firmware alone: asks again and again until there are credentials, which it knows
 * by the colons; anything else is not yet. Sooner than every ten seconds here. Gives what it was told meanwhile, too.
 */
export async function emonEspAsks(
  server: string,
  { everyMs, signal }: { everyMs: number; signal: AbortSignal },
): Promise<{ credentials: Credentials; told: string[] }> {
  const told: string[] = [];
  for (;;) {
    signal.throwIfAborted();
    const answer = await fetch(`${server}/emoncms/device/auth/request.json`, { signal });
    const body = await answer.text();
    if (body !== 'request registered') {
      const colons = body.split(':').length - 1;
      if (colons === 2 || colons === 3) {
        const [user = '', password = '', base = '', port = '1883'] = body.split(':');
        return { credentials: { user, password, base, port: Number(port) }, told };
      }
    }
    told.push(body);
    await sleep(everyMs, undefined, { signal });
  }
}

/** `mosquitto_pub` or `mosquitto_sub`, with the password in a file of its own home. */
export function mosquitto(
  program: 'mosquitto_pub' | 'mosquitto_sub',
  as: { readonly user: string; readonly password: string; readonly port: number },
  args: readonly string[],
) {
  const signIn = ['-h', '127.0.0.1', '-p', String(as.port), '-u', as.user, '-P', as.password];
  return runProgram(program, [...signIn, ...args]);
}
