import { LAN_PROOF_PATH, parseLanProof } from '@porchlight/protocol/lan';
import { FakeClock } from '@porchlight/testkit';
import ssh2 from 'ssh2';
import { expect, it } from 'vitest';
import { parseTarget } from '../config/index.ts';
import { LanDoor } from './lan-door.ts';
import { lanServices } from './lan-services.ts';
import { ownLanAddress } from './own-address.ts';

/** An Ed25519 key that ssh2 reads back: see config/identity.ts. */
function makeKey(): string {
  for (;;) {
    const key = ssh2.utils.generateKeyPairSync('ed25519').private;
    if (!(ssh2.utils.parseKey(key) instanceof Error)) return key;
  }
}

it('services are found at the device, at another machine, or where the owner says', () => {
  const found = lanServices(
    new Map([
      ['closed', { target: parseTarget('http://127.0.0.1:80') }],
      ['own', { target: parseTarget('http://127.0.0.1:8080/base'), lan: 'auto' as const }],
      ['tls', { target: parseTarget('https://localhost:8443'), lan: 'auto' as const }],
      ['bridge', { target: parseTarget('http://192.168.1.7:80'), lan: 'auto' as const }],
      ['said', { target: parseTarget('http://127.0.0.1:1'), lan: 'http://192.168.1.9:2' }],
      ['tcp', { target: parseTarget('tcp://127.0.0.1:22'), lan: 'auto' as const }],
    ]),
    '192.168.1.5',
  );
  expect([...found]).toEqual([
    ['own', 'http://192.168.1.5:8080'],
    ['tls', 'https://192.168.1.5:8443'],
    ['bridge', 'http://192.168.1.7'],
    ['said', 'http://192.168.1.9:2'],
    ['tcp', 'tcp://192.168.1.5:22'],
  ]);
});

it('the address on the LAN is a private one of a real interface', () => {
  const of = (address: string, internal = false) => [
    { address, internal, family: 'IPv4' as const, netmask: '', mac: '', cidr: null },
  ];
  expect(
    ownLanAddress({
      lo: of('127.0.0.1', true),
      docker0: of('172.17.0.1'),
      wan0: of('203.0.113.5'),
      eth0: of('192.168.1.5'),
    }),
  ).toBe('192.168.1.5');
  expect(ownLanAddress({ lo: of('127.0.0.1', true) })).toBeUndefined();
});

it('the door signs no more than a small device can', async () => {
  const clock = new FakeClock();
  const door = new LanDoor({ privateKey: makeKey(), device: () => 'shed', services: () => new Map(), clock });
  const port = await door.listen('127.0.0.1', 0);
  const url = `http://127.0.0.1:${port}${LAN_PROOF_PATH}?nonce=${'n'.repeat(32)}`;
  try {
    const claims = parseLanProof(await (await fetch(url)).text())?.claims;
    expect(claims).toMatchObject({ device: 'shed', nonce: 'n'.repeat(32), door: `http://127.0.0.1:${port}` });
    const statuses: number[] = [];
    for (let n = 0; n < 25; n += 1) statuses.push((await fetch(url)).status);
    expect([statuses[0], statuses.at(-1)]).toEqual([200, 429]);
    await clock.advance(1_000);
    expect((await fetch(url)).status).toBe(200);
  } finally {
    door.close();
  }
});
