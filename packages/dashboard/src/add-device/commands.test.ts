import { expect, test } from 'vitest';
import { fetchCommands, joinCommand } from './commands.ts';

const relay = {
  version: '0.1.0',
  domain: 'relay.example',
  origin: 'https://relay.example',
  hostKeyFingerprint: 'SHA256:x',
  localAuthority: false,
};
const account = { id: 'a', name: 'ada', role: 'admin', createdAt: 0 } as const;

test('a relay with a public certificate', () => {
  expect(fetchCommands(relay)).toEqual([
    'curl -fsSLo porchlight.mjs https://relay.example/install/porchlight.mjs',
  ]);
  expect(joinCommand({ account, relay })).toBe(
    'node porchlight.mjs agent join https://relay.example --account ada',
  );
});

test('a relay with its own authority: unchecked download, then the digest, then trust in that authority', () => {
  const local = { ...relay, localAuthority: true, agentSha256: 'ab'.repeat(32) };
  expect(fetchCommands(local)).toEqual([
    'curl -fsSLko ca.pem https://relay.example/install/ca.pem',
    'curl -fsSLko porchlight.mjs https://relay.example/install/porchlight.mjs',
    `echo "${'ab'.repeat(32)}  porchlight.mjs" | sha256sum -c`,
  ]);
  expect(joinCommand({ account, relay: local }, 'tok')).toBe(
    'node porchlight.mjs agent join https://relay.example --token tok --ca ca.pem',
  );
});
