import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningProgram, requireProgram, runProgram, startProgram } from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveWithAvahi } from './lan/avahi.ts';
import { ADDRESSES, type Lan, openLan, requireLan, type Station, startStation } from './lan/lan-network.ts';

const able = await requireLan();
const ASK = '/emoncms/device/auth/request.json';
const MOVED = '10.77.0.11';
const MOVED_AGAIN = '10.77.0.12';

interface Requests {
  readonly requests: readonly { id: string; name: string; address: string; code?: string; state: string }[];
}
interface Shown {
  readonly fingerprint: string;
  readonly ports: object;
  readonly pairing: { readonly on: boolean };
  readonly discovery: {
    readonly hostName?: string;
    readonly problems: readonly string[];
    readonly notices: readonly { kind: string; address: string }[];
  };
}
type Inputs = readonly { topic: string; at: number }[];

/** One base station, three devices and an impostor on a LAN of network namespaces. All of it real processes. */
describe.skipIf(able.missing)(`a base station on its LAN ${able.missing ?? ''}`, () => {
  let lan: Lan;
  let station: Station;
  let esp: RunningProgram;
  let sensor: RunningProgram;
  let impostor: RunningProgram | undefined;

  beforeAll(async () => {
    lan = await openLan();
    station = await startStation(lan);
  }, 120_000);

  afterAll(async () => {
    for (const program of [esp, sensor, impostor]) await program?.stop('SIGKILL');
    await station?.close();
    await lan?.close();
  }, 60_000);

  const ask = (from: 'esp' | 'other' | 'impostor') => lan.get(from, `http://${ADDRESSES.base}${ASK}`);

  /** The request of that address, once it is there. */
  async function requestOf(address: string) {
    let found: Requests['requests'][number] | undefined;
    const look = async () => {
      const { requests } = await station.ask<Requests>('requests');
      found = requests.find((one) => one.address === address && one.state === 'waiting');
      return found;
    };
    await expect.poll(look, { timeout: 60_000, interval: 200 }).toBeDefined();
    return found!;
  }

  /** A value of that topic that is newer than now. */
  async function arrives(topic: string): Promise<void> {
    const since = Date.now();
    const later = async () => {
      const inputs = await station.ask<Inputs>('inputs');
      return (inputs.find((one) => one.topic === topic)?.at ?? 0) > since;
    };
    await expect.poll(later, { timeout: 60_000, interval: 200 }).toBe(true);
  }

  it('an EmonESP device is told where to ask, let in, and publishes; over a restart, and nobody else gets a byte', {
    timeout: 180_000,
  }, async () => {
    esp = lan.start('esp', 'emonesp-device.ts', { node: 'emonesp1', retryMs: 1_000 });
    await esp.json((line) => line['listening'] === true);
    await station.ask('pair');
    await esp.json((line) => line['server'] === ADDRESSES.base);
    await esp.json((line) => line['answer'] === 'request registered');
    const { id } = await requestOf(ADDRESSES.esp);

    // Another that asks is another request, and is denied for good.
    expect(await ask('other')).toBe('200 request registered');
    await station.ask('deny', (await requestOf(ADDRESSES.other)).id);
    expect(await ask('other')).toBe('403 ');

    // Between Allow and fetch: others ask, the power fails.
    process.kill(esp.pid, 'SIGSTOP');
    await station.ask('allow', id);
    expect(await ask('impostor')).toBe('200 request registered');
    expect(await ask('other')).toBe('403 ');
    await station.restart();
    expect(await ask('impostor')).toBe('200 request registered');
    expect(await ask('other')).toBe('403 ');
    process.kill(esp.pid, 'SIGCONT');
    await esp.json((line) => line['credentials'] === 3);
    expect(await ask('esp')).toBe('200 request registered');
    await esp.json((line) => line['connected'] === ADDRESSES.base);
    await arrives('emon/emonesp1/power');
    expect((await station.ask<Shown>('show')).pairing.on).toBe(false);
  });

  it('a device with our protocol is let in by its code', { timeout: 120_000 }, async () => {
    const address = ADDRESSES.sensor;
    sensor = lan.start('sensor', 'porchlight-device.ts', { name: 'warmth', base: ADDRESSES.base, address });
    const { code } = await sensor.json((line) => line['code'] !== undefined);
    expect((await requestOf(ADDRESSES.sensor)).code).toBe(code);
    await station.ask('allow', String(code));
    await sensor.json((line) => line['connected'] === ADDRESSES.base);
    await arrives('emon/warmth/warmth');
  });

  it('both follow the base station to another address', { timeout: 120_000 }, async () => {
    await move(ADDRESSES.base, MOVED);
    await sensor.json((line) => line['host'] === MOVED);
    await sensor.json((line) => line['connected'] === MOVED);
    await station.ask('pair');
    await esp.json((line) => line['connected'] === MOVED);
    await arrives('emon/warmth/warmth');
    await arrives('emon/emonesp1/power');
  });

  async function move(from: string, to: string): Promise<void> {
    await lan.ip('base', 'addr', 'del', `${from}/16`, 'dev', 'eth');
    await lan.ip('base', 'addr', 'add', `${to}/16`, 'dev', 'eth');
  }

  it('avahi finds it, its services and its name, IPv4 and IPv6', { timeout: 120_000 }, async (context) => {
    for (const [program, name] of [
      ['avahi-daemon', 'avahi-daemon'],
      ['avahi-browse', 'avahi-utils'],
      ['dbus-daemon', 'dbus'],
    ] as const) {
      const { missing } = await requireProgram(program, name);
      context.skip(missing !== undefined, missing);
    }
    const { fingerprint } = await station.ask<Shown>('show');
    const found = await resolveWithAvahi(lan, 'other', 'porchlight.local');
    expect(found.ipv4).toBe(MOVED);
    expect(found.ipv6).toMatch(/^fe80::/);
    for (const protocol of ['IPv4', 'IPv6']) {
      const of = (type: string) =>
        found.services.find((one) => one.protocol === protocol && one.type === type);
      expect(of('_porchlight._tcp')).toMatchObject({
        name: 'porchlight',
        host: 'porchlight.local',
        port: 80,
      });
      expect(of('_porchlight._tcp')?.txt.sort()).toEqual([
        ...[`id=${fingerprint}`, 'path=/porchlight/lan/v1', 'v=1'],
      ]);
      expect(of('_mqtt._tcp')?.port).toBe(1883);
      expect(of('_secure-mqtt._tcp')?.port).toBe(8883);
    }
  });

  it('an impostor is believed by no device with our protocol, and is seen', {
    timeout: 240_000,
  }, async () => {
    await esp.stop('SIGKILL'); // its firmware believes everybody
    const { fingerprint } = await station.ask<Shown>('show');
    const hello = { v: 1, name: 'x', commitment: 'A'.repeat(43) };
    const url = `http://${MOVED}/porchlight/lan/v1/join`;
    const shown = await lan.run('other', 'curl', '-sS', '-d', JSON.stringify(hello), url);
    const { key } = JSON.parse(shown).base as { key: string };
    const since = station.program.lineCount;
    impostor = lan.start('impostor', 'impostor.ts', {
      ...{ address: ADDRESSES.impostor, fingerprint, key, certificate: await makeCertificate() },
    });

    for (const refused of ['other key', 'not signed', 'played back'])
      await sensor.json((line) => line['refused'] === refused && line['from'] === ADDRESSES.impostor);
    for (const kind of ['other-broadcast', 'replayed-beacon', 'false-beacon', 'same-identity', 'name-taken'])
      await station.program.json(
        (line) => line['kind'] === kind && line['address'] === ADDRESSES.impostor && line['level'] === 40,
        since,
      );
    await station.program.json((line) => line['hostName'] === 'porchlight-2.local', since);
    const { discovery } = await station.ask<Shown>('show');
    expect(discovery.hostName).toBe('porchlight-2.local');
    const noticed = discovery.notices.filter(({ address }) => address === ADDRESSES.impostor);
    expect(noticed.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining([
        'other-broadcast',
        'replayed-beacon',
        'false-beacon',
        'same-identity',
        'name-taken',
      ]),
    );

    // A device that comes to its door sees that it cannot sign for the key that it shows.
    const deceived = lan.start('other', 'porchlight-device.ts', {
      ...{ name: 'new', base: ADDRESSES.impostor, address: ADDRESSES.other },
    });
    expect((await deceived.ended).code).not.toBe(0);
    expect(deceived.lines.join('\n')).toContain('not the base station that it says it is');

    // It takes the base station's very address: without the authority's key no device speaks to it.
    await station.program.stop('SIGKILL');
    await lan.ip('base', 'addr', 'del', `${MOVED}/16`, 'dev', 'eth');
    const before = sensor.lineCount;
    await lan.ip('impostor', 'addr', 'add', `${MOVED}/16`, 'dev', 'eth');
    await impostor.json((line) => line['refusedTls'] !== undefined);
    await sensor.json((line) => line['failed'] !== undefined && line['to'] === MOVED, before);
    await lan.ip('base', 'addr', 'add', `${MOVED_AGAIN}/16`, 'dev', 'eth');
    await station.restart();
    await sensor.json((line) => line['connected'] === MOVED_AGAIN, before);
    await arrives('emon/warmth/warmth');
    expect(impostor.lines.filter((line) => line.includes('"given"'))).toEqual([]);
    await impostor.stop();
  });

  it('5000 requests from as many addresses leave it usable, and its memory bounded', {
    timeout: 240_000,
  }, async () => {
    // Behind one neighbour, so that the kernel's table of neighbours is not what is tested.
    await lan.ip('esp', 'route', 'add', 'local', '10.78.0.0/16', 'dev', 'lo');
    await lan.ip('base', 'route', 'add', '10.78.0.0/16', 'via', ADDRESSES.esp);
    const before = station.program.memory().now;
    const flood = lan.start('esp', 'flood.ts', { base: MOVED_AGAIN, requests: 5_000 });
    await flood.ended;
    const { answers } = await flood.json((line) => line['answers'] !== undefined);
    const { requests } = await station.ask<Requests>('requests');
    const { now } = station.program.memory();
    process.stdout.write(`base station: ${JSON.stringify(answers)}, ${before} → ${now} MiB\n`);
    expect(Object.keys(answers as object).sort()).toEqual(['200', '503']);
    expect(requests.length).toBeLessThanOrEqual(200);
    expect(now - before).toBeLessThan(100);
    expect(await lan.get('base', 'http://127.0.0.1:8094/')).toMatch(/^(?:200|30\d) /);
    await arrives('emon/warmth/warmth');
  });

  it('where another program has the ports for itself it says so once, and is found when they are free', {
    timeout: 120_000,
  }, async () => {
    const hold = [5353, 5005, 5006].map((port) => `require('dgram').createSocket('udp4').bind(${port})`);
    const script = `${hold.join(';')};setTimeout(() => console.log('{"held":true}'), 100)`;
    const holder = startProgram('node', ['-e', script], { netns: lan.netns('other') });
    await holder.json((line) => line['held'] === true);
    const second = await startStation(lan, 'other', 'base station open');
    try {
      for (const port of [5353, 5005, 5006])
        await second.program.json((line) => String(line['reason']).includes(`port ${port} `));
      const before = await second.ask<Shown>('show');
      expect(before.ports).toEqual({ http: 80, mqtt: 1883, mqtts: 8883 });
      expect(before.discovery.problems).toHaveLength(3);
      await holder.stop('SIGKILL');
      const problems = async () => (await second.ask<Shown>('show')).discovery.problems;
      await expect.poll(problems, { timeout: 60_000, interval: 500 }).toEqual([]);
      const name = async () => (await second.ask<Shown>('show')).discovery.hostName;
      await expect.poll(name, { timeout: 60_000, interval: 500 }).toBe('porchlight.local');
      const told = second.program.lines.filter((line) => line.includes('not found in every way'));
      expect(told).toHaveLength(3);
    } finally {
      await second.close();
      await holder.stop('SIGKILL');
    }
  });
});

/** Key and certificate in one PEM, of nobody's making. */
async function makeCertificate(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'porchlight-impostor-'));
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  const made = await runProgram('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-days', '30', '-subj', `/CN=${MOVED}`, '-keyout', key, '-out', cert],
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
  const pem = (await readFile(key, 'utf8')) + (await readFile(cert, 'utf8'));
  await rm(folder, { recursive: true });
  return pem;
}
