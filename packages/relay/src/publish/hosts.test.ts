import { isDeviceName, isServiceName } from '@porchlight/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostName, isLoopbackName, parseHost } from './hosts.ts';

const SERVICE = { kind: 'service', service: 'web', device: 'robot' };

describe('a Host header', () => {
  it.each([
    ['example.org', 'console'],
    ['EXAMPLE.org:8443', 'console'],
    ['example.org.', 'console'],
    ['example.org.:443', 'console'],
    ['hue.example.org', 'hue'],
    ['Hue.Example.org.:8443', 'hue'],
    ['web--robot.example.org', 'service'],
    ['Web--Robot.Example.ORG.:65535', 'service'],
  ])('%s is the %s', (host, kind) => {
    expect(parseHost(host, 'example.org').kind).toBe(kind);
  });

  it.each([
    undefined,
    '',
    '.',
    ':80',
    '..',
    'org',
    'evil-example.org',
    'example.org.evil.com',
    'web--robot.example.org.evil.com',
    'a.web--robot.example.org',
    'web-robot.example.org',
    'web--.example.org',
    '--robot.example.org',
    'web--a--b.example.org',
    '.example.org',
    'constructor.',
    'constructor.example.org',
    '__proto__.example.org',
    'toString--constructor.example.org:',
    'user@web--robot.example.org',
    'user:pass@example.org',
    'web--robot.example.org:80:80',
    'web--robot.example.org:x',
    'web--robot.example.org, example.org',
    'web--robot.example.org/..',
    'web--robot.example.org ',
    'wëb--robot.example.org',
    'web%2d%2drobot.example.org',
    '[::1]',
    '127.0.0.1',
    'localhost',
    `${'a'.repeat(29)}--${'b'.repeat(33)}.example.org`,
    `${'a.'.repeat(5000)}example.org`,
  ])('%s is nothing', (host) => {
    expect(parseHost(host, 'example.org')).toEqual({ kind: 'unknown' });
  });

  it('addresses of this machine are the console of a loopback relay only', () => {
    for (const host of ['127.0.0.1:80', '[::1]', '[::1]:8080', 'localhost'])
      expect(parseHost(host, 'localhost').kind).toBe('console');
    for (const host of ['::1', '[::2]', '127.0.0.2', '[::1', '0', '0x7f000001'])
      expect(parseHost(host, 'localhost').kind).toBe('unknown');
  });

  it('the longest legal names fit', () => {
    const label = `${'a'.repeat(29)}--${'b'.repeat(32)}`;
    expect(label.length).toBe(63);
    expect(parseHost(`${label}.example.org`, 'example.org').kind).toBe('service');
  });

  it('any text at all: an answer, and legal names when it is a service', () => {
    const odd = fc.oneof(fc.string({ maxLength: 400 }), fc.domain(), fc.webAuthority(), fc.ipV6());
    const suffix = fc.constantFrom('', '.example.org', '.example.org:1', '.EXAMPLE.ORG.');
    fc.assert(
      fc.property(odd, suffix, (text, end) => {
        const target = parseHost(`${text}${end}`, 'example.org');
        if (target.kind === 'service') {
          expect(isDeviceName(target.device) && isServiceName(target.service)).toBe(true);
        }
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
    fc.assert(
      fc.property(fc.constantFrom('web--robot', 'WEB--ROBOT'), fc.nat(65_535), (label, port) => {
        expect(parseHost(`${label}.example.org:${port}`, 'example.org')).toEqual(SERVICE);
      }),
    );
  });
});

it('tells names that never leave the machine', () => {
  for (const name of ['localhost', 'a.localhost', '127.0.0.1', '[::1]'])
    expect(isLoopbackName(name)).toBe(true);
  for (const name of ['evillocalhost', 'localhost.com', '127.0.0.1.com', '128.0.0.1'])
    expect(isLoopbackName(name)).toBe(false);
  expect(hostName('A.LocalHost.:80')).toBe('a.localhost');
});
