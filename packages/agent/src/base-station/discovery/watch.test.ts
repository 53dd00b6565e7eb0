import { generateKeyPairSync } from 'node:crypto';
import { FakeClock } from '@porchlight/testkit';
import { expect, it } from 'vitest';
import type { Logger } from '../../log/index.ts';
import { encodeBeacon, rawPublicKey } from './beacon.ts';
import type { MdnsPacket } from './mdns/index.ts';
import { Notices } from './notices.ts';
import { Watch } from './watch.ts';

const OWN = '10.0.0.1';
const OTHER = '10.0.0.66';

function open() {
  const clock = new FakeClock();
  const logged: string[] = [];
  const write = (_fields: object, message: string) => void logged.push(message);
  const logger = { info: write, warn: write } as unknown as Logger;
  let changes = 0;
  const notices = new Notices({
    ...{ clock, logger },
    onChange: () => {
      changes += 1;
    },
  });
  const identity = generateKeyPairSync('ed25519').privateKey;
  const watch = new Watch({
    ...{ key: rawPublicKey(identity), fingerprint: 'ours', notices },
    isOwn: (address) => address === OWN,
  });
  const kinds = () => notices.list().map(({ kind, address }) => `${kind} ${address}`);
  return { clock, logged, notices, identity, watch, kinds, changes: () => changes };
}

const facts = { http: 80, mqtt: undefined, mqtts: undefined, address: OWN, sequence: 5, time: 0 };

function said(records: MdnsPacket['answers']): MdnsPacket {
  return { id: 0, isResponse: true, questions: [], answers: records, authorities: [], additionals: [] };
}

it('its own voice is nothing new', () => {
  const { watch, identity, kinds } = open();
  watch.broadcast(Buffer.from('emonpi.local'), OWN);
  watch.beacon(encodeBeacon(facts, identity), OWN);
  watch.mdns(said([{ name: 'emonpi.local', type: 'A', ttl: 9, data: OWN }]), { address: OWN, port: 5353 });
  expect(kinds()).toEqual([]);
});

it('notices broadcasts, beacons played back or made up, and other base stations', () => {
  const { watch, identity, kinds } = open();
  watch.broadcast(Buffer.from('something else'), OTHER);
  watch.beacon(Buffer.from('something else'), OTHER);
  expect(kinds()).toEqual([]);
  watch.broadcast(Buffer.from('emonpi.local'), OTHER);
  watch.beacon(encodeBeacon(facts, identity), OTHER);
  const forged = encodeBeacon(facts, identity);
  forged.writeUInt8(99, 27);
  watch.beacon(forged, OTHER);
  watch.beacon(encodeBeacon(facts, generateKeyPairSync('ed25519').privateKey), OTHER);
  expect(kinds()).toEqual([
    `other-broadcast ${OTHER}`,
    `replayed-beacon ${OTHER}`,
    `false-beacon ${OTHER}`,
    `other-base-station ${OTHER}`,
  ]);
});

it('notices who answers over mDNS with our fingerprint, and who calls itself emonpi', () => {
  const { watch, kinds } = open();
  const from = { address: OTHER, port: 5353 };
  const name = 'x._porchlight._tcp.local';
  watch.mdns(said([{ name, type: 'TXT', ttl: 0, data: ['id=ours'] }]), from);
  expect(kinds()).toEqual([]);
  watch.mdns(said([{ name, type: 'TXT', ttl: 9, data: [Buffer.from('v=1'), Buffer.from('id=ours')] }]), from);
  watch.mdns(said([{ name: 'Emonpi.local', type: 'A', ttl: 9, data: OTHER }]), from);
  watch.mdns(said([{ name, type: 'TXT', ttl: 9, data: ['id=theirs'] }]), { ...from, address: '10.0.0.67' });
  expect(kinds()).toEqual([`same-identity ${OTHER}`, `emonpi-name ${OTHER}`, 'other-base-station 10.0.0.67']);
});

it('says each thing once in a while, forgets what is over, and holds no more than a page', async () => {
  const { clock, logged, notices, kinds, changes } = open();
  for (let n = 0; n < 100; n += 1) {
    notices.note('replayed-beacon', OTHER);
    await clock.advance(10_000);
  }
  expect(logged).toHaveLength(2);
  expect(changes()).toBe(1);
  expect(notices.list()).toMatchObject([{ times: 100, lastAt: clock.now() - 10_000 }]);
  await clock.advance(3600_000);
  expect(kinds()).toEqual([]);
  for (let n = 0; n < 1_000; n += 1) notices.note('other-broadcast', `10.0.1.${n}`);
  expect(kinds()).toHaveLength(32);
});
