import { FakeClock } from '@porchlight/testkit';
import { encode, type Packet } from 'dns-packet';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LanInterface } from '../interfaces.ts';
import { type MdnsPacket, parsePacket } from './records.ts';
import { Responder, type Sender } from './responder.ts';

const SERVICES = [{ type: '_porchlight._tcp', port: 80, txt: ['v=1', 'id=abc'] }];
const OTHER: Sender = { address: '10.0.0.9', port: 5353 };

function lan(name: string, address: string): LanInterface {
  return { name, ipv4: [{ address, broadcast: undefined }], ipv6: [], holds: () => true };
}

function open(interfaces = [lan('eth0', '10.0.0.1')]) {
  const clock = new FakeClock();
  const sent: { on: string; packet: MdnsPacket; to: Sender | undefined }[] = [];
  const said: string[] = [];
  const list = [...interfaces];
  const responder = new Responder({
    ...{ clock, random: () => 0.5, label: 'porchlight', services: SERVICES, interfaces: () => list },
    send: ({ name }, packet, to) => sent.push({ on: name, packet: read(packet), to }),
    onNamed: (label) => said.push(`named ${label}`),
    onConflict: (label, from) => said.push(`${label} is of ${from}`),
  });
  const hear = (packet: Packet, from = OTHER) =>
    responder.receive(list[0] ?? lan('none', ''), read(packet), from);
  return { clock, sent, said, list, responder, hear };
}

/** As it travels. */
function read(packet: Packet): MdnsPacket {
  const parsed = parsePacket(encode(packet));
  if (parsed === undefined) throw new Error('no packet');
  return parsed;
}

async function named() {
  const rig = open();
  rig.responder.start();
  await rig.clock.advance(5_000);
  rig.sent.length = 0;
  return rig;
}

const claim = (name: string, address: string, ttl = 120): Packet => ({
  type: 'response',
  answers: [{ name, type: 'A', ttl, flush: true, data: address }],
});

const ask = (name: string, type: string, more: Partial<Packet> = {}): Packet => ({
  type: 'query',
  questions: [{ name, type: type as 'A' }],
  ...more,
});

it('asks three times whether the name is free, then says it twice, and takes it back at the end', async () => {
  const { clock, sent, said, responder } = open();
  responder.start();
  await clock.advance(10_000);
  expect(sent.map(({ packet }) => (packet.isResponse ? 'response' : 'query'))).toEqual([
    ...['query', 'query', 'query', 'response', 'response'],
  ]);
  expect(sent[0]?.packet.questions.map(({ name, type }) => `${type} ${name}`)).toEqual([
    ...['ANY porchlight.local', 'ANY porchlight._porchlight._tcp.local'],
  ]);
  expect(sent[0]?.packet.authorities.map(({ type }) => type)).toEqual(['A', 'SRV', 'TXT']);
  expect(said).toEqual(['named porchlight']);
  expect(responder.isNamed).toBe(true);
  sent.length = 0;
  responder.stop();
  expect(sent).toHaveLength(1);
  expect(sent[0]?.packet.answers.map(({ type, ttl }) => `${type} ${ttl}`)).toEqual([
    ...['A 0', 'PTR 0', 'PTR 0', 'SRV 0', 'TXT 0'],
  ]);
  expect(clock.waiting).toBe(0);
});

it('answers with what belongs to it, and not what the one who asks knows', async () => {
  const { clock, sent, hear } = await named();
  hear(ask('_PORCHLIGHT._tcp.local', 'PTR'));
  expect(sent).toEqual([]); // others may answer too
  await clock.advance(120);
  expect(sent[0]?.packet.answers.map(({ data }) => data)).toEqual(['porchlight._porchlight._tcp.local']);
  expect(sent[0]?.packet.additionals.map(({ type }) => type)).toEqual(['A', 'SRV', 'TXT']);
  sent.length = 0;
  await clock.advance(2_000);
  const answers = [
    {
      name: '_porchlight._tcp.local',
      type: 'PTR',
      ttl: 4000,
      data: 'porchlight._porchlight._tcp.local',
    } as const,
  ];
  hear(ask('_porchlight._tcp.local', 'PTR', { answers }));
  await clock.advance(200);
  expect(sent).toEqual([]);
});

it('says the same to all at most once a second', async () => {
  const { clock, sent, hear } = await named();
  for (let n = 0; n < 20; n += 1) hear(ask('porchlight.local', 'A'));
  expect(sent).toHaveLength(1);
  await clock.advance(1_000);
  hear(ask('porchlight.local', 'A'));
  expect(sent).toHaveLength(2);
});

it('says that there is no IPv6 address, and nothing about names that are not its own', async () => {
  const { sent, hear } = await named();
  hear(ask('porchlight.local', 'AAAA'));
  expect(sent[0]?.packet.answers).toMatchObject([{ type: 'NSEC', data: { rrtypes: ['A'] } }]);
  hear(ask('kitchen.local', 'A'));
  hear(ask('local', 'ANY'));
  expect(sent).toHaveLength(1);
});

it('answers an ordinary resolver directly, as it asked', async () => {
  const { sent, hear } = await named();
  const from = { address: '10.0.0.7', port: 40_000 };
  hear({ ...ask('porchlight.local', 'A'), id: 77 }, from);
  expect(sent).toMatchObject([{ to: from, packet: { id: 77, questions: [{ name: 'porchlight.local' }] } }]);
  expect(sent[0]?.packet.answers[0]).toMatchObject({ ttl: 10, flush: false, data: '10.0.0.1' });
});

it('leaves a name to whoever has it, and is called porchlight-2 then', async () => {
  const { clock, said, hear, responder } = open();
  responder.start();
  await clock.advance(200);
  hear(claim('Porchlight.local', '10.0.0.9'));
  await clock.advance(5_000);
  expect(said).toEqual(['porchlight is of 10.0.0.9', 'named porchlight-2']);
  expect(responder.label).toBe('porchlight-2');
});

it('a name that is contested later is asked for anew, and kept if nobody answers', async () => {
  const { clock, said, sent, hear, responder } = await named();
  hear(claim('porchlight.local', '10.0.0.9'));
  await clock.advance(5_000);
  expect(responder.label).toBe('porchlight');
  expect(sent.filter(({ packet }) => !packet.isResponse)).toHaveLength(3);
  hear(claim('porchlight.local', '10.0.0.9'));
  await clock.advance(100);
  hear(claim('porchlight.local', '10.0.0.9'));
  await clock.advance(5_000);
  expect(said.slice(-2)).toEqual(['porchlight is of 10.0.0.9', 'named porchlight-2']);
});

it('what it said itself, on any interface, is no conflict; and neither is what is taken back', async () => {
  const { clock, said, sent, responder, hear, list } = open([
    lan('eth0', '10.0.0.1'),
    lan('wlan0', '10.0.0.2'),
  ]);
  const own: Packet[] = [];
  responder.start();
  for (let n = 0; n < 20; n += 1) {
    await clock.advance(100);
    for (const { packet } of sent.splice(0)) own.push(packet as unknown as Packet);
    for (const packet of own)
      responder.receive(list[0] as LanInterface, packet as unknown as MdnsPacket, OTHER);
  }
  hear(claim('porchlight.local', '10.0.0.99', 0));
  await clock.advance(5_000);
  expect(said).toEqual(['named porchlight']);
  expect(own.length).toBeGreaterThan(5);
});

it('of two that ask at the same time one gives way', async () => {
  for (const [address, label] of [
    ['10.0.0.200', 'gives way'],
    ['10.0.0.0', 'stays'],
  ] as const) {
    const { clock, said, hear, responder } = open();
    responder.start();
    await clock.advance(200);
    hear(
      ask('porchlight.local', 'ANY', {
        authorities: [{ name: 'porchlight.local', type: 'A', ttl: 120, data: address }],
      }),
    );
    await clock.advance(1_000);
    expect(said.length === 0 ? 'gives way' : 'stays').toBe(label);
    hear(claim('porchlight.local', address));
    await clock.advance(10_000);
    // Who gave way then finds the name taken; who stayed has it, asks once more, and keeps it.
    expect(said.at(-1)).toBe(label === 'stays' ? 'named porchlight' : 'named porchlight-2');
  }
});

it('whoever takes every name slows it down, and nothing grows', async () => {
  const { clock, said, responder, hear } = open();
  responder.start();
  for (let n = 0; n < 2_000; n += 1) {
    await clock.advance(50);
    hear(claim(`${responder.label}.local`, '10.0.0.9'));
  }
  expect(said.length).toBeLessThan(50);
  responder.stop();
  expect(clock.waiting).toBe(0);
});

it('whatever comes, it is answered or not, and nothing breaks', async () => {
  const { clock, responder, hear, sent } = await named();
  const real = encode(
    ask('porchlight.local', 'ANY', {
      answers: [
        { name: 'porchlight.local', type: 'A', ttl: 120, data: '10.0.0.1' },
        { name: 'porchlight.local', type: 'NSEC', ttl: 1, data: { nextDomain: 'x', rrtypes: ['A'] } },
        { name: 'porchlight._porchlight._tcp.local', type: 'TXT', ttl: 9, data: ['v=1'] },
        {
          name: 'porchlight._porchlight._tcp.local',
          type: 'SRV',
          ttl: 9,
          data: { port: 1, target: 'x.local' },
        },
      ],
      authorities: [{ name: 'porchlight.local', type: 'AAAA', ttl: 9, data: 'fe80::1' }],
    }),
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each)),
    fc.array(fc.tuple(fc.nat(real.length - 1), fc.nat(255)), { maxLength: 8 }).map((changes) => {
      const changed = Buffer.from(real);
      for (const [at, value] of changes) changed[at] = value;
      return changed;
    }),
  );
  fc.assert(
    fc.property(bytes, (each) => {
      const packet = parsePacket(each);
      if (packet !== undefined) responder.receive(lan('eth0', '10.0.0.1'), packet, OTHER);
    }),
    { interruptAfterTimeLimit: 8_000, numRuns: 5_000 },
  );
  await clock.advance(60_000);
  hear(ask(`${responder.label}.local`, 'A'));
  expect(sent.at(-1)?.packet.answers).toMatchObject([{ data: '10.0.0.1' }]);
});
