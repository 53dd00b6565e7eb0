import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { proxyFor } from './proxy-environment.ts';

const HTTPS_PROXY = 'http://proxy.test:3128';
const through = (host: string, noProxy: string, port = 443): boolean =>
  proxyFor({ host, port }, { HTTPS_PROXY, NO_PROXY: noProxy }) !== undefined;

describe('the proxy from the environment', () => {
  it.each([
    [{ HTTPS_PROXY }, { host: 'proxy.test', port: 3128, credentials: undefined }],
    [{ https_proxy: 'proxy.test' }, { host: 'proxy.test', port: 80, credentials: undefined }],
    [
      { HTTPS_PROXY: '', ALL_PROXY: 'http://[::1]:8080/' },
      { host: '::1', port: 8080, credentials: undefined },
    ],
    [{ all_proxy: 'http://ann:p%40ss%3A@p:1' }, { host: 'p', port: 1, credentials: 'ann:p@ss:' }],
    [{ HTTPS_PROXY: 'http://ann@p' }, { host: 'p', port: 80, credentials: 'ann:' }],
    [{}, undefined],
    [{ HTTP_PROXY: 'http://p' }, undefined],
  ])('%o', (environment, wanted) => {
    expect(proxyFor({ host: 'relay.test', port: 443 }, environment)).toEqual(wanted);
  });

  it.each([
    'socks5://p:1080',
    'https://p',
    'http://',
    'http://%',
    'http://%ff:x@p',
    'http://p:99999',
    'file:///x',
  ])('says what is wrong with %s', (text) => {
    expect(() => proxyFor({ host: 'relay.test', port: 443 }, { HTTPS_PROXY: text })).toThrow(
      'HTTPS_PROXY must be an http:// address',
    );
  });

  it.each([
    ['relay.test', '*'],
    ['relay.test', 'relay.test'],
    ['relay.test', 'other.test, relay.test'],
    ['relay.test', 'other.test relay.test'],
    ['RELAY.test', 'relay.TEST'],
    ['relay.home.test', 'home.test'],
    ['relay.home.test', '.home.test'],
    ['relay.home.test', '*.home.test'],
    ['relay.test', 'relay.test.'],
    ['relay.test', 'relay.test:443'],
    ['relay.home.test', '.home.test:443'],
    ['192.168.7.9', '192.168.7.9'],
    ['192.168.7.9', '192.168.7.9:443'],
    ['192.168.7.9', '192.168.0.0/16'],
    ['fd00::9', 'fd00::9'],
    ['fd00::9', '[fd00::9]:443'],
    ['fd00::9', 'fd00::/8'],
    ['localhost', ''],
    ['x.localhost', ''],
    ['127.3.2.1', ''],
    ['::1', ''],
  ])('%s goes past it with NO_PROXY=%s', (host, noProxy) => {
    expect(through(host, noProxy)).toBe(false);
  });

  it.each([
    ['relay.test', ''],
    ['relay.test', ','],
    ['relay.test', 'elay.test'],
    ['relay.test', 'relay'],
    ['relay.test', 'relay.test:80'],
    ['relay.test', 'x.relay.test'],
    ['192.168.7.9', '192.168.7'],
    ['192.168.7.9', '10.0.0.0/8'],
    ['192.168.7.9', '192.168.7.9/99'],
    ['192.168.7.9', '8.7.9'],
    ['192.168.7.9', 'fd00::/8'],
    ['127.evil.test', ''],
    ['notlocalhost', ''],
  ])('%s goes through it with NO_PROXY=%s', (host, noProxy) => {
    expect(through(host, noProxy)).toBe(true);
  });

  it('takes any text for NO_PROXY', () => {
    fc.assert(
      fc.property(fc.string(), fc.domain(), (noProxy, host) => {
        through(host, noProxy);
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });
});
