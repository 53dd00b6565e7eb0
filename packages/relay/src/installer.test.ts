import { expect, test } from 'vitest';
import { loadConfig } from './config/index.ts';
import { installerOf } from './installer.ts';

const parts = { hostKey: 'ssh-ed25519 AAAA', sha256: 'ab', ownAuthority: false };
const configOf = (options: Record<string, string>, env: Record<string, string> = {}) =>
  loadConfig({ options: { data: '/nowhere', ...options }, env }).config;
const open = { http: 8080, https: 8443, ssh: 2222 };

test('ports as seen from outside', () => {
  const config = configOf({
    ...{ domain: 'relay.example', httpPublicPort: '80', httpsPublicPort: '443', sshPublicPort: '22' },
  });
  expect(installerOf(config, open, parts)).toEqual({
    ...parts,
    url: 'http://relay.example/install/phone-home.sh',
    address: 'relay.example:22',
  });
  expect(installerOf(configOf({ domain: 'relay.example' }), open, parts)).toMatchObject({
    url: 'http://relay.example:8080/install/phone-home.sh',
    address: 'relay.example:2222',
  });
});

test('without plain HTTP, and with SSH on the HTTPS port', () => {
  const config = configOf({ domain: 'relay.example', http: 'off', ssh: 'off', httpsPublicPort: '443' });
  expect(installerOf(config, { http: undefined, https: 8443, ssh: undefined }, parts)).toMatchObject({
    url: 'https://relay.example/install/phone-home.sh',
    address: 'relay.example:443',
  });
});

test('behind a reverse proxy: its HTTPS is no way for SSH, the HTTP behind it none for the file', () => {
  const behind = { domain: 'relay.example', https: 'off', httpsPublicPort: '443' };
  const config = configOf(behind, { PORCHLIGHT_HTTP_HOST: '127.0.0.1' });
  expect(installerOf(config, { http: 8080, https: undefined, ssh: undefined }, parts)).toBeUndefined();
  expect(installerOf(config, { http: 8080, https: undefined, ssh: 2222 }, parts)).toMatchObject({
    url: 'https://relay.example/install/phone-home.sh',
    address: 'relay.example:2222',
  });
});

test.each(["relay.example'; id", 'relay.example$(id)', 'relay example', 'a`id`', '-oProxyCommand=id'])(
  'a domain %j is refused before it is in any line',
  (domain) => {
    expect(() => configOf({ domain })).toThrow('must be a domain name');
  },
);
