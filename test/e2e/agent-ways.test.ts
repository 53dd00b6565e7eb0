import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import secureHttp from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, AgentConfigFile, joinRelay, silentLogger, startAgent } from '@porchlight/agent';
import { startTestRelay, type TestRelay } from '@porchlight/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Allows, startProxy as startProxyFor } from './proxy-rig.ts';

/** A name that is no loopback name, so that a proxy is asked for it. Only the test's proxy can resolve it. */
const DOMAIN = 'relay.test';

const startProxy = (allowsPort: (port: number) => boolean, allows: Allows) =>
  startProxyFor(DOMAIN, allowsPort, allows);

const TLS = 22;
let relay: TestRelay;
let https: number;
let ssh: number;
let caFile: string;
let folder: string;
let dataFolder: string;
let agent: Agent | undefined;
let token: () => Promise<string>;

beforeAll(async () => {
  relay = await startTestRelay({ domain: DOMAIN });
  const { ports } = relay.relay;
  https = ports.https!;
  ssh = ports.ssh!;
  folder = await mkdtemp(join(tmpdir(), 'porchlight-ways-'));
  const ca = await fetchAuthority();
  caFile = join(folder, 'ca.pem');
  await writeFile(caFile, ca);
  const owner = await relay.relay.accounts.create(
    { name: 'test', address: undefined },
    { name: 'ann', password: randomBytes(12).toString('hex'), role: 'admin' },
  );
  token = async () =>
    (
      await relay.relay.enrolmentTokens.make(
        { accountId: owner.id, accountName: 'ann', address: 'test' },
        { note: '', tags: [], hours: 1, uses: 1 },
      )
    ).token;
});

afterAll(async () => {
  await relay.close();
  await rm(folder, { recursive: true, force: true });
});

/** As a person does who follows "Add a device": the fingerprint of the host key is compared at joining. */
async function fetchAuthority(): Promise<string> {
  const asked = secureHttp.get({
    port: https,
    host: '127.0.0.1',
    path: '/install/ca.pem',
    headers: { host: DOMAIN },
    servername: DOMAIN,
    rejectUnauthorized: false,
    agent: false,
  });
  const [answer] = (await once(asked, 'response')) as [http.IncomingMessage];
  let body = '';
  for await (const chunk of answer) body += String(chunk);
  return body;
}

beforeEach(async () => {
  dataFolder = await mkdtemp(join(folder, 'agent-'));
});

afterEach(async () => {
  await agent?.close();
  agent = undefined;
});

async function joinAndStart(environment: Record<string, string>): Promise<Agent> {
  await joinRelay({
    dataFolder,
    url: `https://${DOMAIN}:${https}`,
    token: await token(),
    account: undefined,
    name: undefined,
    caFile,
    fingerprint: undefined,
    environment,
    signal: AbortSignal.timeout(20_000),
    onPending: () => undefined,
  });
  agent = await startAgent({ dataFolder, environment, logger: silentLogger });
  await expect.poll(() => agent?.status().link.state, { timeout: 20_000 }).toBe('up');
  return agent;
}

describe('the ways to a relay, through a CONNECT proxy and TLS with an authority of its own', () => {
  it('goes by the SSH port where that is open', async () => {
    const proxy = await startProxy(
      () => true,
      () => true,
    );
    const started = await joinAndStart({ HTTPS_PROXY: proxy.url });
    expect(started.status().link).toMatchObject({ state: 'up', transport: 'ssh' });
    expect(proxy.tunnels).toContain(ssh);
    await started.close();
    await proxy.close();
  });

  it('goes by the HTTPS port where the proxy lets no other out', async () => {
    const proxy = await startProxy(
      (port) => port === https,
      () => true,
    );
    const started = await joinAndStart({ https_proxy: proxy.url });
    expect(started.status().link).toMatchObject({ state: 'up', transport: 'https' });
    expect(new Set(proxy.tunnels)).toEqual(new Set([https]));
    await started.close();
    await proxy.close();
  });

  it('goes inside a WebSocket where the proxy lets nothing but TLS out', async () => {
    const proxy = await startProxy(
      (port) => port === https,
      (_port, firstByte) => firstByte === TLS,
    );
    const started = await joinAndStart({ ALL_PROXY: proxy.url });
    expect(started.status().link).toMatchObject({ state: 'up', transport: 'websocket' });
    await started.close();
    await proxy.close();
  });

  it('says what is in the way where nothing goes', async () => {
    const proxy = await startProxy(
      () => false,
      () => false,
    );
    await expect(joinAndStart({ HTTPS_PROXY: proxy.url })).rejects.toThrow(
      `the proxy refused to connect to ${DOMAIN}:${https} (403)`,
    );
    await proxy.close();
  });

  it('does not believe a WebSocket behind a certificate that the pinned authority did not sign', async () => {
    const open = await startProxy(
      () => true,
      () => true,
    );
    const first = await joinAndStart({ HTTPS_PROXY: open.url });
    await first.close();
    await open.close();
    // The same relay, but the agent has lost its authority.
    const file = new AgentConfigFile(dataFolder);
    const { relay: pinned } = await file.read();
    const { ca: _ca, ssh: place, ...rest } = pinned!;
    await file.setRelay({ ...rest, ssh: `${place.host}:${place.port}` }, undefined);
    const proxy = await startProxy(
      (port) => port === https,
      (_port, firstByte) => firstByte === TLS,
    );
    agent = await startAgent({ dataFolder, environment: { HTTPS_PROXY: proxy.url }, logger: silentLogger });
    await expect
      .poll(() => agent?.status().link, { timeout: 20_000 })
      .toMatchObject({ state: 'waiting', reason: expect.stringMatching(/websocket: .*certificate/) });
    await agent.close();
    await proxy.close();
  });
});
