import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.ts';
import { parseConfigFile } from './config-file.ts';
import { loadConfig } from './load-config.ts';
import { relayOptions } from './options.ts';
import { configKeys } from './relay-config.ts';

const env = { HOME: '/home/me' };

function load(from: {
  options?: Record<string, unknown>;
  env?: Record<string, string>;
  files?: Record<string, string>;
}) {
  const readFile = (path: string) => {
    const text = from.files?.[path];
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return text;
  };
  return loadConfig({ options: from.options ?? {}, env: { ...env, ...from.env }, readFile, cwd: '/work' });
}

function failure(from: Parameters<typeof load>[0]): string {
  try {
    load(from);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).not.toContain('\n');
    return (error as ConfigError).message;
  }
  throw new Error('it was accepted');
}

describe('loadConfig', () => {
  it('gives a relay on loopback that needs no privilege, from nothing', () => {
    const { config, warnings, file } = load({});
    expect(config.data).toBe('/home/me/.porchlight/relay');
    expect(config.domain).toBe('localhost');
    expect(config.http).toEqual({ port: 8080, host: '127.0.0.1' });
    expect(config.https.port).toBe(8443);
    expect(config.ssh.port).toBe(2222);
    expect(config.metrics.port).toBe('off');
    expect(config.database).toBeUndefined();
    expect(config.trustedProxies).toEqual([]);
    expect(config.forwards).toEqual({
      host: '127.0.0.1',
      ports: { from: 30000, to: 30999 },
      mayBind: [],
      maxMinutes: 1440,
    });
    expect(config.limits.drainSeconds).toBe(30);
    expect(warnings).toEqual([]);
    expect(file).toBeUndefined();
  });

  it('gives path routes a host of their own, never the console’s', () => {
    const host = (options: Record<string, unknown>) => load({ options }).config.paths.host;
    expect(host({})).toBe('paths.localhost');
    expect(host({ domain: 'relay.example' })).toBe('paths.relay.example');
    expect(host({ domain: 'relay.example', pathsHost: 'Robots.relay.example' })).toBe('robots.relay.example');
    expect(host({ domain: 'relay.example', pathsHost: 'a.b.relay.example' })).toBe('a.b.relay.example');
    expect(host({ pathsHost: 'off' })).toBeUndefined();
    const files = { tlsCertificate: '/c.pem', tlsKey: '/k.pem' };
    expect(host({ domain: 'relay.example', pathsHost: 'other.example', ...files })).toBe('other.example');
    expect(load({}).config.paths).toMatchObject({ insecureOnConsole: false, insecureForMembers: false });
    for (const [pathsHost, words] of [
      ['relay.example', /where the console is/],
      ['localhost', /where the console is/],
      ['other.example', /not below relay\.example.*tls\.certificate/],
      ['xrelay.example', /not below relay\.example/],
      ['web--robot.relay.example', /"--"/],
      ['hue.relay.example', /Hue remote API/],
      ['https://paths.relay.example', /must be a host name/],
      ['paths.relay.example:8443', /must be a host name/],
      ['127.0.0.1', /must be a host name/],
      ['', /must be a host name/],
    ] as const) {
      expect(failure({ options: { domain: 'relay.example', pathsHost } }), pathsHost).toMatch(words);
    }
    expect(failure({ options: { insecurePathsOnConsole: 'perhaps' } })).toMatch(/true or false/);
  });

  it('lets flags go before the environment, that before the file, that before the default', () => {
    const files = {
      '/etc/r.yaml': 'domain: file.example\nhttps: 1001\nssh:\n  port: 1001\nhttp: {port: 1001}\n',
    };
    const { config, file } = load({
      options: { config: '/etc/r.yaml', ssh: '1003' },
      env: { PORCHLIGHT_HTTPS_PORT: '1002', PORCHLIGHT_SSH_PORT: '1002' },
      files,
    });
    expect([config.http.port, config.https.port, config.ssh.port]).toEqual([1001, 1002, 1003]);
    expect(config.domain).toBe('file.example');
    expect(config.https.host).toBeUndefined();
    expect(file).toBe('/etc/r.yaml');
  });

  it('starts relative paths at the file that they stand in, or at the working folder', () => {
    const files = { '/etc/porchlight/r.yaml': 'tls:\n  certificate: tls/cert.pem\n  key: ~/key.pem\n' };
    const { config } = load({
      env: { PORCHLIGHT_CONFIG: '/etc/porchlight/r.yaml' },
      options: { data: 'here' },
      files,
    });
    expect(config.tls).toEqual({ certificate: '/etc/porchlight/tls/cert.pem', key: '/home/me/key.pem' });
    expect(config.data).toBe('/work/here');
  });

  it('switches listeners off, also by the short form', () => {
    const { config } = load({
      options: { config: '/r.yaml', ssh: 'off' },
      files: { '/r.yaml': 'http: off' },
    });
    expect([config.http.port, config.ssh.port]).toEqual(['off', 'off']);
    expect(failure({ options: { http: 'off', https: 'off' } })).toContain('both off');
    // Behind a reverse proxy that speaks TLS: devices come through the HTTP port, in a WebSocket.
    expect(load({ options: { ssh: 'off', https: 'off' } }).config.http.port).toBe(8080);
  });

  it('is frozen all the way down', () => {
    const { config } = load({});
    expect(() => Object.assign(config.limits, { drainSeconds: 1 })).toThrow(TypeError);
    expect(Object.isFrozen(config.trustedProxies)).toBe(true);
  });

  it('names source, value and mend of a bad value', () => {
    expect(failure({ options: { https: '70000' } })).toBe(
      '--https is "70000" but must be a port from 0 (any free one) to 65535, or off',
    );
    expect(failure({ env: { PORCHLIGHT_SSH_PORT: 'ssh' } })).toMatch(
      /^PORCHLIGHT_SSH_PORT is "ssh" but must be/,
    );
    expect(failure({ options: { config: '/r' }, files: { '/r': 'log: {level: loud}' } })).toBe(
      '/r: log.level is "loud" but must be one of debug, info, warn, error',
    );
    expect(failure({ options: { domain: '192.0.2.1' } })).toContain('must be a domain name');
    expect(failure({ options: { 'tls-key': 'k' } })).toContain(
      'There is no option tls-key (did you mean tlsKey?)',
    );
    expect(failure({ options: { tlsKey: 'k' } })).toContain('come as a pair');
    expect(failure({ env: { PORCHLIGHT_TRUSTED_PROXIES: '10.0.0.0/33' } })).toContain('must be addresses');
    expect(failure({ env: { PORCHLIGHT_FORWARDS_PORTS: '9-8' } })).toContain('must be a range');
    expect(failure({ env: { PORCHLIGHT_FORWARDS_MAY_BIND: '10.0.0.0/8' } })).toContain(
      'must be IP addresses',
    );
    expect(failure({ env: { PORCHLIGHT_FORWARDS_MAX_MINUTES: '0' } })).toContain('from 1 to 20160');
  });

  it('refuses unknown keys of the file and suggests the nearest', () => {
    const of = (text: string) => failure({ options: { config: '/r.yaml' }, files: { '/r.yaml': text } });
    expect(of('domian: x')).toBe('/r.yaml has an unknown key "domian" (did you mean domain?)');
    expect(of('https: {prot: 1}')).toBe('/r.yaml has an unknown key "https.prot" (did you mean port?)');
    expect(of('__proto__: {port: 1}')).toContain('unknown key "__proto__"');
    expect(of('constructor: 1')).toContain('unknown key "constructor"');
    expect(of('log: text')).toContain('must be a section');
    expect(of('- a')).toContain('must hold keys and values');
    expect(of('domain: [')).toMatch(/^\/r\.yaml line 1 is not YAML: /);
    expect(of('domain: a.example\ndomain: b.example')).toContain('line 2');
    expect(failure({ options: { config: 'none.yaml' } })).toContain('/work/none.yaml does not exist');
  });

  it('warns of environment names that nothing knows', () => {
    const { warnings } = load({ env: { PORCHLIGHT_HTTPS: '443', PORCHLIGHT_DOMIAN: 'x', OTHER: 'y' } });
    expect(warnings).toHaveLength(2);
    expect(warnings.join('\n')).toContain(
      'PORCHLIGHT_DOMIAN is not known to the relay (did you mean PORCHLIGHT_DOMAIN?)',
    );
  });

  it('takes secrets from files of their own and never prints them', () => {
    const url = 'postgres://porchlight:hunter2@db.example/porchlight';
    const { config } = load({
      env: { PORCHLIGHT_DATABASE_FILE: '/run/db' },
      files: { '/run/db': `${url}\n` },
    });
    expect(config.database?.reveal()).toBe(url);
    expect(
      `${inspect(config, { depth: 9 })} ${JSON.stringify(config)} ${String(config.database)}`,
    ).not.toContain('hunter2');
    expect(failure({ env: { PORCHLIGHT_DATABASE: 'mysql://u:hunter2@h/d' } })).not.toContain('hunter2');
    expect(failure({ env: { PORCHLIGHT_DATABASE_FILE: '/run/none' } })).toContain('ENOENT');
    const both = { PORCHLIGHT_DATABASE: url, PORCHLIGHT_DATABASE_FILE: '/run/db' };
    expect(failure({ env: both })).toContain('both set');
  });

  it('brings international domains into the form that DNS has', () => {
    expect(load({ options: { domain: 'Bücher.Example' } }).config.domain).toBe('xn--bcher-kva.example');
  });

  it('has a flag for each option of the design and distinct names throughout', () => {
    const flags = relayOptions.map((option) => option.flags.split(' ')[0]);
    for (const flag of [
      '--config',
      '--data',
      '--domain',
      '--http',
      '--https',
      '--ssh',
      '--log',
      '--database',
    ]) {
      expect(flags).toContain(flag);
    }
    expect(new Set(flags).size).toBe(flags.length);
    expect(new Set(configKeys.map((key) => key.env)).size).toBe(configKeys.length);
  });
});

describe('rubbish', () => {
  const onlyConfigErrors = (act: () => unknown) => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (error.message.includes('\n')) throw new Error('more than one line', { cause: error });
    }
  };
  const bounded = { interruptAfterTimeLimit: 2000, markInterruptAsFailure: false, numRuns: 3000 };
  const names = fc.constantFrom(...configKeys.flatMap((key) => key.path), 'toString', '__proto__');
  const yamlish = fc
    .array(
      fc.oneof(
        names,
        fc.constantFrom(':', ': ', '\n', '\n  ', '- ', '{', '}', '[', ']', '&a ', '*a', '|', '"'),
        fc.string(),
      ),
    )
    .map((parts) => parts.join(''));

  it('in the file ends in nothing but a ConfigError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), yamlish), (text) =>
        onlyConfigErrors(() => load({ options: { config: '/r' }, files: { '/r': text } })),
      ),
      bounded,
    );
  });

  it('in values ends in nothing but a ConfigError', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.ipV4(),
      fc.ipV6(),
      fc.webUrl(),
      fc.integer().map(String),
    );
    fc.assert(
      fc.property(fc.constantFrom(...configKeys.map((key) => key.env)), value, (name, text) =>
        onlyConfigErrors(() => load({ env: { [name]: text } })),
      ),
      bounded,
    );
  });

  it('made to exhaust the parser ends in a ConfigError', () => {
    const bomb = [
      'a: &a0 [x]',
      ...Array.from({ length: 20 }, (_, i) => `b${i}: &a${i + 1} [${`*a${i},`.repeat(9)}*a${i}]`),
    ];
    expect(() => parseConfigFile(bomb.join('\n'), '/r')).toThrow(ConfigError);
    expect(() => parseConfigFile('['.repeat(200_000), '/r')).toThrow(ConfigError);
    expect(() => parseConfigFile('a: 1\n'.repeat(100_000), '/r')).toThrow(ConfigError);
  });
});
