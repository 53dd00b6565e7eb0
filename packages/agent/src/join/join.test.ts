import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AgentConfigFile, ConfigError } from '../config/index.ts';
import { type JoinOptions, joinRelay } from './join.ts';
import { parseRelayUrl } from './relay-identity.ts';

let relay: TestRelay;
let owner: TestPerson;
let url: string;
let dataFolder: string;
const servers: net.Server[] = [];

beforeAll(async () => {
  relay = await startTestRelay();
  owner = await relay.person('alice');
  url = `http://localhost:${relay.port}`;
});

afterAll(async () => {
  await relay.close();
});

beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'porchlight-join-'));
});

afterEach(() => {
  rmSync(dataFolder, { recursive: true, force: true });
  for (const server of servers.splice(0)) server.close();
});

function joining(options: Partial<JoinOptions> = {}) {
  return joinRelay({
    dataFolder,
    url,
    token: undefined,
    account: undefined,
    name: 'garage',
    caFile: undefined,
    fingerprint: undefined,
    environment: {},
    signal: AbortSignal.timeout(20_000),
    onPending: () => undefined,
    ...options,
  });
}

const token = async (): Promise<string> => {
  const made = await relay.relay.enrolmentTokens.make(
    { accountId: owner.id, accountName: 'alice', address: 'test' },
    { note: '', tags: [], hours: 1, uses: 1 },
  );
  return made.token;
};

/** An HTTP server that is no relay, or another one. */
async function impostor(answer: (res: http.ServerResponse) => void): Promise<string> {
  const server = http.createServer((_req, res) => answer(res));
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

const saved = () => new AgentConfigFile(dataFolder).read();

describe('joining', () => {
  it('waits for a person who compares the code, and keeps what it pinned', async () => {
    const joined = await joining({
      account: 'alice',
      async onPending({ code }) {
        const listed = await owner.api('GET', '/api/join-requests');
        const [request] = JSON.parse(listed.body).items;
        expect(request.code).toBe(code);
        expect(request.name).toBe('garage');
        const allowed = await owner.api('POST', `/api/join-requests/${request.id}/allow`, {
          code,
          name: 'garage',
        });
        expect(allowed.status).toBeLessThan(300);
      },
    });
    expect(joined).toEqual({ device: 'garage', domain: 'localhost', origin: url });
    const config = await saved();
    expect(config.name).toBe('garage');
    expect(config.relay).toMatchObject({ https: url, hostKey: relay.relay.facts.hostKeyFingerprint });
    // Known from now on: joining again needs nobody.
    expect(await joining({ onPending: () => expect.fail('a known device asks nobody') })).toEqual(joined);
  });

  it('says why when a person presses Deny', async () => {
    const refused = joining({
      account: 'alice',
      name: 'stranger',
      async onPending({ code }) {
        const listed = await owner.api('GET', '/api/join-requests');
        const [request] = JSON.parse(listed.body).items;
        await owner.api('POST', `/api/join-requests/${request.id}/deny`, { code });
      },
    });
    await expect(refused).rejects.toThrow(/^the relay refused .*Deny/);
    expect((await saved()).relay).toBeUndefined();
  });

  it('goes without a person by token, once for each use', async () => {
    const secret = await token();
    expect((await joining({ token: secret, name: 'attic' })).device).toBe('attic');
    rmSync(join(dataFolder, 'agent.key'), { force: true });
    rmSync(dataFolder, { recursive: true });
    await expect(joining({ token: secret })).rejects.toThrow('unknown, expired or used up');
    await expect(joining({ token: 'nonsense' })).rejects.toThrow('unknown, expired or used up');
    expect((await saved()).relay).toBeUndefined();
  });

  it('compares a fingerprint given by hand', async () => {
    const given = `SHA256:${'A'.repeat(43)}`;
    await expect(joining({ token: await token(), fingerprint: given })).rejects.toThrow(
      `the relay shows the host key ${relay.relay.facts.hostKeyFingerprint}, but you gave ${given}`,
    );
    const right = relay.relay.facts.hostKeyFingerprint;
    expect((await joining({ token: await token(), fingerprint: right, name: 'cellar' })).device).toBe(
      'cellar',
    );
  });

  it('refuses a relay whose host key has changed, and shows both', async () => {
    await joining({ token: await token(), name: 'shed' });
    const file = join(dataFolder, 'agent.yaml');
    const pinned = `SHA256:${'B'.repeat(43)}`;
    writeFileSync(file, readFileSync(file, 'utf8').replace(relay.relay.facts.hostKeyFingerprint, pinned));
    await expect(joining()).rejects.toThrow(
      `host key has changed: pinned ${pinned}, found ${relay.relay.facts.hostKeyFingerprint}`,
    );
    expect((await saved()).relay?.hostKey).toBe(pinned);
  });

  it('does not believe an SSH server whose key is another than the one told over HTTPS', async () => {
    const identity = JSON.parse((await relay.visit('localhost', '/.well-known/porchlight')).body);
    identity.ssh.fingerprint = `SHA256:${'C'.repeat(43)}`;
    const port = relay.relay.ports.ssh!;
    identity.ssh.port = port;
    const where = await impostor((res) => res.end(JSON.stringify(identity)));
    await expect(joining({ url: where, token: await token() })).rejects.toThrow(
      /shows another host key than the relay told over HTTPS/,
    );
  });

  it.each([
    ['a page', (res: http.ServerResponse) => res.end('<h1>It works</h1>'), 'is no Porchlight relay'],
    ['other JSON', (res: http.ServerResponse) => res.end('{"ssh":1}'), 'is no Porchlight relay'],
    ['404', (res: http.ServerResponse) => res.writeHead(404).end(), 'answers 404'],
    ['a redirect', (res: http.ServerResponse) => res.writeHead(302, { location: '/' }).end(), 'answers 302'],
    ['too much', (res: http.ServerResponse) => res.end(' '.repeat(100_000)), 'too long'],
    [
      'half an answer',
      (res: http.ServerResponse) =>
        res.writeHead(200, { 'content-length': 9 }).write('{', () => res.destroy()),
      'cannot be reached',
    ],
    ['nothing', (res: http.ServerResponse) => res.destroy(), 'cannot be reached'],
  ])('knows a server that answers with %s for no relay', async (_what, answer, why) => {
    const where = await impostor(answer);
    const refused = joining({ url: where });
    await expect(refused).rejects.toBeInstanceOf(ConfigError);
    await expect(refused).rejects.toThrow(why);
  });

  it('says that nobody answers', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    await expect(joining({ url: `http://localhost:${port}` })).rejects.toThrow(
      /cannot be reached \(.*ECONNREFUSED/,
    );
  });

  it('names a CA file that is not there, or is none', async () => {
    const caFile = join(dataFolder, 'given.pem');
    await expect(joining({ caFile })).rejects.toThrow(`${caFile} cannot be read (ENOENT)`);
    writeFileSync(caFile, '<html>not found</html>');
    await expect(joining({ caFile })).rejects.toThrow(`${caFile} has no certificate`);
  });

  it('names a bad device name', async () => {
    await expect(joining({ name: 'Not A Name' })).rejects.toThrow('"Not A Name" is no device name');
  });

  it('stops when it is told to, and leaves the folder free', async () => {
    const stop = new AbortController();
    const waiting = joining({
      name: 'gone',
      account: 'alice',
      signal: stop.signal,
      onPending: () => stop.abort(),
    });
    await expect(waiting).rejects.toThrow('stopped');
    const asking = async () => JSON.parse((await owner.api('GET', '/api/join-requests')).body).items;
    await expect.poll(asking).toMatchObject([{ name: 'gone', connected: false }]);
    expect((await joining({ token: await token(), name: 'again' })).device).toBe('again');
  });
});

describe('the address of a relay', () => {
  it.each([
    ['relay.example', 'https://relay.example'],
    ['https://relay.example/', 'https://relay.example'],
    ['https://relay.example:8443/devices?x', 'https://relay.example:8443'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://x.localhost', 'http://x.localhost'],
    ['http://127.0.0.1:1', 'http://127.0.0.1:1'],
    ['http://[::1]:1', 'http://[::1]:1'],
  ])('%s', (text, origin) => {
    expect(parseRelayUrl(text)).toBe(origin);
  });

  it.each([
    'http://relay.example',
    'http://192.168.1.2',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'http://0.0.0.0',
  ])('%s is refused, as it is not encrypted', (text) => {
    expect(() => parseRelayUrl(text)).toThrow('is not encrypted');
  });

  it.each([
    '',
    'https://',
    'ssh://relay.example',
    'https://ann:secret@relay.example',
    'javascript://x',
    'a b',
  ])('%j is none', (text) => {
    expect(() => parseRelayUrl(text)).toThrow('is no relay address');
  });
});
