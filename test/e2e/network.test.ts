import {
  type Networks,
  type Origin,
  openNetworks,
  type ProcessDevice,
  type ProcessPerson,
  type ProcessRelay,
  type RunningProgram,
  requireNetworks,
  startOrigin,
  startProcessRelay,
  until,
} from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const DOMAIN = 'relay.test';
const able = await requireNetworks();

/** Everything here is a process of its own, in a network of its own: see testkit's networks.ts for the picture. */
describe.skipIf(able.missing)(`behind a router ${able.missing ?? ''}`, () => {
  let networks: Networks;
  let relay: ProcessRelay;
  let owner: ProcessPerson;
  let home: ProcessDevice;
  let barn: ProcessDevice;
  const origins: Origin[] = [];

  beforeAll(async () => {
    networks = await openNetworks([DOMAIN, `web--home.${DOMAIN}`, `web--barn.${DOMAIN}`]);
    relay = await startProcessRelay({
      domain: DOMAIN,
      address: networks.relayAddress,
      netns: networks.relay,
      visitors: networks.visitor,
    });
    owner = await relay.person('alice');
    home = await join('home', networks.home);
    barn = await join('barn', networks.barn);
  }, 120_000);

  afterAll(async () => {
    await relay?.close();
    for (const { program } of origins) await program.stop('SIGKILL');
    await networks?.close();
  }, 60_000);

  async function join(name: string, netns: string, env: Record<string, string> = {}): Promise<ProcessDevice> {
    const origin = await startOrigin(netns);
    origins.push(origin);
    const services = { web: `http://127.0.0.1:${origin.http}` };
    return relay.device(owner, name, services, {
      netns,
      env,
      url: relay.origin,
      join: ['--ca', relay.caFile],
    });
  }

  function open(name: string) {
    return relay.visit(`web--${name}.${DOMAIN}`, '/', [
      '-H',
      `Authorization: Bearer ${owner.token}`,
      '--max-time',
      '5',
    ]);
  }

  /** The service answers through relay and agent again; gives the seconds that it took. */
  async function back(name: string): Promise<number> {
    const started = performance.now();
    await until(async () => (await open(name)).status === 200);
    return seconds(started);
  }

  async function linkDown(program: RunningProgram, since: number, device?: string): Promise<number> {
    const started = performance.now();
    await program.json(
      (line) => line['msg'] === 'link down' && (device === undefined || line['device'] === device),
      since,
    );
    return seconds(started);
  }

  it('a device that nobody can reach joins, and is opened from the outside', async () => {
    const direct = await networks
      .run(networks.visitor, 'curl', '-sS', '--max-time', '2', 'http://192.168.77.2/')
      .catch(String);
    expect(direct).toContain('curl');
    const answer = await open('home');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body).headers['x-forwarded-for']).toBe('198.51.100.2');
    expect((await home.view()).link).toMatchObject({ up: true, transport: 'ssh', address: '203.0.113.2' });
  });

  it("comes back after the router's outer address has changed", { timeout: 60_000 }, async () => {
    const { router } = networks;
    await networks.run(router, 'ip', 'addr', 'add', '203.0.113.3/24', 'dev', 'wan');
    await networks.run(router, 'ip', 'addr', 'del', '203.0.113.2/24', 'dev', 'wan');
    await networks.run(router, 'ip', 'addr', 'add', '203.0.113.3/24', 'dev', 'wan').catch(() => undefined);
    const started = performance.now();
    await until(async () => (await home.view()).link.address === '203.0.113.3');
    print(`back under the router's new address after ${seconds(started)} s`);
    await back('home');
    await until(async () => (await barn.view()).link.address === '203.0.113.3');
  });

  it('both ends notice a connection that leads nowhere within 30 s, and a device comes back under a new address', {
    timeout: 90_000,
  }, async () => {
    // The home's packets vanish without a word, both ways. The barn gets another address, so that its old one leads
    // nowhere; the two are waited for at once.
    const since = { home: home.agent.lineCount, barn: barn.agent.lineCount, relay: relay.program.lineCount };
    await networks.rules({ forward: ['ip saddr 192.168.77.2 drop', 'ip daddr 192.168.77.2 drop'] });
    await networks.run(networks.barn, 'ip', 'addr', 'add', '192.168.77.9/24', 'dev', 'eth');
    await networks.run(networks.barn, 'ip', 'addr', 'del', '192.168.77.3/24', 'dev', 'eth');
    await networks.run(
      networks.barn,
      'sh',
      '-c',
      'ip addr replace 192.168.77.9/24 dev eth; ip route replace default via 192.168.77.1',
    );
    const [agent, ofRelay, moved] = await Promise.all([
      linkDown(home.agent, since.home),
      linkDown(relay.program, since.relay, 'home'),
      linkDown(barn.agent, since.barn),
    ]);
    print(`noticed after: agent ${agent} s, relay ${ofRelay} s, agent with a new address ${moved} s`);
    for (const noticed of [agent, ofRelay, moved]) expect(noticed).toBeLessThan(32);
    expect((await home.view()).link.up).toBe(false);
    expect((await open('home')).status).toBe(503);
    print(`the moved device is back after ${await back('barn')} s`);
    await networks.rules({});
    print(`the cut-off device is back after ${await back('home')} s`);
  });

  it('finds another way when the SSH port is closed, and another when only TLS passes', {
    timeout: 90_000,
  }, async () => {
    const { ssh, https } = relay.ports;
    const noSsh = `ip saddr 192.168.77.2 tcp dport ${ssh} reject with tcp reset`;
    await networks.rules({ forward: [noSsh] });
    await home.agent.stop();
    await home.start();
    expect((await home.view()).link.transport).toBe('https');
    expect((await open('home')).status).toBe(200);

    const box = await networks.middlebox('tls-only', '8443', `${networks.relayAddress}:${https}`);
    await networks.rules({
      forward: [noSsh],
      redirect: [`ip saddr 192.168.77.2 tcp dport ${https} redirect to :8443`],
    });
    await home.agent.stop();
    await home.start();
    expect((await home.view()).link.transport).toBe('websocket');
    expect((await open('home')).status).toBe(200);
    expect(box.lines.some((line) => line.includes('"began":"SSH-"'))).toBe(true);
    // Once found, that way is kept, over a restart of the relay too; no failure on the way ends the agent.
    await relay.program.stop('SIGKILL');
    await relay.start();
    print(`over the WebSocket again after ${await back('home')} s`);
    await networks.rules({});
  });

  it('goes through the HTTP proxy that the environment names', { timeout: 60_000 }, async () => {
    const { https } = relay.ports;
    const proxy = await networks.middlebox('connect', '3128', String(https));
    await networks.rules({ forward: ['ip saddr 192.168.77.2 reject with tcp reset'] });
    await home.agent.stop();
    const proxied = await join('proxied', networks.home, { HTTPS_PROXY: 'http://192.168.77.1:3128' });
    expect((await proxied.view()).link).toMatchObject({ up: true, transport: 'https' });
    expect(proxy.lines.some((line) => line.includes('"passed"') && line.includes(DOMAIN))).toBe(true);
    expect((await open('proxied')).status).toBe(200);
  });
});

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 100) / 10;
}

function print(line: string): void {
  process.stdout.write(`network: ${line}\n`);
}
