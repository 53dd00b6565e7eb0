import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.ts';
import { isForbiddenAddress } from './forbidden-address.ts';
import { parseTarget } from './target.ts';

describe('parseTarget', () => {
  it('reads http, https and tcp targets into one normal form', () => {
    expect(parseTarget('http://LocalHost:8080/emoncms/')).toEqual({
      kind: 'http',
      tls: false,
      host: 'localhost',
      port: 8080,
      basePath: '/emoncms',
      text: 'http://localhost:8080/emoncms',
    });
    expect(parseTarget('https://[fd00::0:1]')).toMatchObject({
      tls: true,
      host: 'fd00::1',
      port: 443,
      basePath: '',
    });
    expect(parseTarget('https://[fd00::0:1]').text).toBe('https://[fd00::1]:443');
    expect(parseTarget('tcp://0x7f.1:22')).toMatchObject({ kind: 'tcp', host: '127.0.0.1', port: 22 });
    expect(parseTarget('http://nas.lan./').text).toBe('http://nas.lan:80');
  });

  const wrong: [string, RegExp][] = [
    ['', /no target: write http/],
    ['127.0.0.1:80', /no target/],
    ['ftp://a:21', /no target/],
    ['http://', /no target/],
    ['http://user:pw@a/', /no target/],
    ['http://a/?x=1', /no target/],
    ['http://a/#x', /no target/],
    ['http://a\\b/', /no target/],
    ['http://a b/', /no target/],
    ['http://a\n/', /no target/],
    ['http://a:99999/', /1 to 65535/],
    ['http://a:0/', /1 to 65535/],
    ['tcp://a', /no port/],
    ['tcp://a:22/x', /no path/],
    ['http://a/../b', /"\.\."/],
    ['http://a/%2e%2e/b', /"\.\."/],
    ['http://-a/', /no host name/],
    ['http://a..b%00/', /no host name/],
    [`http://${'a'.repeat(600)}/`, /no target/],
    ['http://169.254.169.254/latest', /never exposed/],
    ['http://0xa9fea9fe/', /never exposed/],
    ['http://169%2e254.169.254/', /never exposed/],
    ['http://１６９.254.169.254/', /never exposed/],
    ['http://[::ffff:169.254.169.254]/', /never exposed/],
    ['http://[fe80::1]/', /never exposed/],
    ['tcp://0.0.0.0:22', /never exposed/],
    ['tcp://0:22', /never exposed/],
    ['tcp://[::]:22', /never exposed/],
    ['tcp://224.0.0.251:5353', /never exposed/],
    ['http://100.100.100.200/', /never exposed/],
  ];
  it.each(wrong)('refuses %j', (text, message) => expect(() => parseTarget(text)).toThrow(message));

  it('throws nothing but ConfigError, and its normal form reads back to the same', () => {
    const piece = fc.constantFrom(
      ...'http:// https:// tcp:// : / // . @ [ ] % %2e \\ ? # 127.0.0.1 169.254 localhost a 80 22 fe80:: ::1 0x é'.split(
        ' ',
      ),
    );
    const text = fc.array(piece, { maxLength: 8 }).map((list) => list.join(''));
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          text.map((rest) => `http://${rest}`),
        ),
        (text) => {
          try {
            const target = parseTarget(text);
            expect(parseTarget(target.text)).toEqual(target);
            if (/^[\d.]+$|:/.test(target.host)) expect(isForbiddenAddress(target.host)).toBe(false);
          } catch (error) {
            if (!(error instanceof ConfigError)) throw error;
          }
        },
      ),
      { numRuns: 20_000, interruptAfterTimeLimit: 2_000 },
    );
  });
});
