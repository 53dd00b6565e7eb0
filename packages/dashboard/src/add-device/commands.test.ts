import { expect, test } from 'vitest';
import { joinCommands, stockCommand } from './commands.ts';

const digest = 'ab'.repeat(32);
const account = { id: 'a', name: 'ada', role: 'admin', createdAt: 0 } as const;
const relay = {
  version: '0.1.0',
  domain: 'relay.example',
  origin: 'https://relay.example',
  hostKeyFingerprint: 'SHA256:x',
  localAuthority: false,
  agentSha256: digest,
};

test('a relay with a public certificate', () => {
  expect(joinCommands({ account, relay })).toEqual([
    'curl -fsSLo porchlight.mjs https://relay.example/install/porchlight.mjs',
    'node porchlight.mjs agent join https://relay.example --account ada',
  ]);
});

test('a relay with its own authority: the agent runs only if its digest is right, and trusts that authority', () => {
  expect(joinCommands({ account, relay: { ...relay, localAuthority: true } }, 'tok')).toEqual([
    'curl -fsSLko ca.pem https://relay.example/install/ca.pem',
    'curl -fsSLko porchlight.mjs https://relay.example/install/porchlight.mjs',
    `echo "${digest}  porchlight.mjs" | sha256sum -c &&`,
    'node porchlight.mjs agent join https://relay.example --token tok --ca ca.pem --fingerprint SHA256:x',
  ]);
});

test('a relay without an agent to download', () => {
  const { agentSha256: _, ...bare } = relay;
  expect(joinCommands({ account, relay: bare })).toEqual([
    'node porchlight.mjs agent join https://relay.example --account ada',
  ]);
  expect(joinCommands({ account, relay: { ...bare, localAuthority: true } })).toEqual([
    'curl -fsSLko ca.pem https://relay.example/install/ca.pem',
    'node porchlight.mjs agent join https://relay.example --account ada --ca ca.pem --fingerprint SHA256:x',
  ]);
});

test('a relay on plain HTTP, as on the first run: no certificate, so nothing to trust', () => {
  const plain = { ...relay, origin: 'http://localhost:8080', localAuthority: true };
  expect(joinCommands({ account, relay: plain })).toEqual([
    'curl -fsSLo porchlight.mjs http://localhost:8080/install/porchlight.mjs',
    'node porchlight.mjs agent join http://localhost:8080 --account ada',
  ]);
});

test('a stock client names the port where it is not the usual one', () => {
  expect(stockCommand({ ...relay, sshPort: 22 }, 'r1')).toBe(
    'ssh -N -R web:80:localhost:80 r1@relay.example',
  );
  expect(stockCommand({ ...relay, sshPort: 2222 }, 'r1')).toContain('-p 2222 r1@');
  expect(stockCommand(relay, 'r1')).toContain('-p 443 r1@');
  expect(stockCommand({ ...relay, origin: 'http://localhost:8080' }, 'r1')).toContain('-p 8080 r1@');
});
