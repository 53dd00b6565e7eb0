import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startScriptedOrigin, startTestRelay } from '@porchlight/testkit';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from './config/index.ts';
import { startRelay } from './relay.ts';
import { silentLogger } from './telemetry/index.ts';

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'porchlight-relay-'));
});
afterEach(async () => {
  await rm(data, { recursive: true, force: true });
});

const start = (options: Record<string, string> = {}) => {
  const ports = { http: '0', https: '0', ssh: '0', mqtt: '0', mqtts: '0' };
  const { config } = loadConfig({ options: { data, ...ports, ...options }, env: {} });
  return startRelay({ config, dashboard: undefined, agentBundle: undefined, logger: silentLogger });
};
const reasonOf = (starting: Promise<unknown>): Promise<string> =>
  starting.then(
    () => 'it started',
    (error: Error) => error.message,
  );

describe('a start that fails says why in one line, and leaves nothing open', () => {
  /** The same folder and the same ports start at once afterwards. */
  afterEach(async () => {
    const relay = await start();
    await relay.close();
  });

  it.each(['http', 'https', 'ssh', 'mqtt', 'mqtts', 'metrics'])('the port of %s is taken', async (name) => {
    const other = net.createServer().listen(0);
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const reason = await reasonOf(start({ [name]: String(port) }));
    expect(reason).toContain(String(port));
    expect(reason).toMatch(/in use/);
    expect(reason).not.toContain('\n');
    other.close();
  });

  it('a second start on the same folder', async () => {
    const first = await start();
    const reason = await reasonOf(start());
    expect(reason).not.toBe('it started');
    expect(reason).not.toContain('\n');
    await first.close();
  });

  it('a database of a newer relay', async () => {
    await (await start()).close();
    const file = join(data, 'porchlight.db');
    const change = (sql: string): void => {
      const database = new Database(file);
      database.exec(sql);
      database.close();
    };
    change(`insert into schema_versions (version, name, applied_at) values (9999, 'from-the-future', 0)`);
    const reason = await reasonOf(start());
    expect(reason).toMatch(/newer/);
    expect(reason).not.toContain('\n');
    change(`delete from schema_versions where version = 9999`);
  });

  it('a data folder that is a file', async () => {
    const file = join(data, 'a-file');
    await writeFile(file, '');
    const reason = await reasonOf(start({ data: file }));
    expect(reason).not.toBe('it started');
    expect(reason).not.toContain('\n');
  });

  it('a data folder that cannot be made', async () => {
    const reason = await reasonOf(start({ data: '/dev/null/data' }));
    expect(reason).toContain('/dev/null');
    expect(reason).not.toContain('\n');
  });
});

describe('a stop in order', () => {
  it('finishes what is under way, takes nothing new, and a second close is the same one', async () => {
    const origin = await startScriptedOrigin();
    const relay = await startTestRelay();
    const owner = await relay.person('alice');
    const device = await relay.device(owner, 'robot', { web: `http://127.0.0.1:${origin.port}` });
    await owner.api('PATCH', `/api/devices/${device.id}/services/web`, { access: 'public' });
    let finish: () => void = () => undefined;
    origin.answer = (_heard, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf ');
      finish = () => void socket.write('done');
    };
    const asked = http.get({
      ...{ host: '127.0.0.1', port: relay.port, agent: false },
      headers: { host: 'web--robot.localhost' },
    });
    const [answer] = (await once(asked, 'response')) as [http.IncomingMessage];
    await once(answer, 'readable');
    const closing = relay.relay.close();
    expect(relay.relay.close()).toBe(closing);
    await expect(relay.visit('localhost', '/')).rejects.toThrow();
    finish();
    let body = '';
    for await (const chunk of answer) body += String(chunk);
    expect(body).toBe('half done');
    await closing;
    expect(relay.relay.links.size).toBe(0);
    await relay.close();
    origin.close();
  });

  it('writes down that its links ended, and ends strangers too', async () => {
    const first = await startTestRelay({ data });
    const owner = await first.person('alice');
    await first.device(owner, 'robot', {});
    const stranger = net.connect({ port: first.relay.ports.ssh ?? 0, host: '127.0.0.1' });
    await once(stranger, 'data');
    const gone = once(stranger.resume(), 'end');
    await first.relay.close();
    await gone;
    await first.close();
    const database = new Database(join(data, 'porchlight.db'), { readonly: true });
    const row = database.prepare('select last_down_at as at, last_down_reason as reason from devices').get();
    const last = database.prepare('select state from link_events order by id desc limit 1').get();
    database.close();
    expect(row).toMatchObject({ at: expect.any(Number), reason: 'the relay stopped' });
    expect(last).toEqual({ state: 'down' });
  });
});
