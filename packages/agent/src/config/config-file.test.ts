import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.ts';
import { AgentConfigFile } from './config-file.ts';

const HOST_KEY = `SHA256:${'A'.repeat(43)}`;
const RELAY = `relay:
  domain: home.example.net
  ssh: home.example.net:2222
  https: https://home.example.net
  hostKey: ${HOST_KEY}
`;

let folder: string;
let path: string;
let file: AgentConfigFile;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plc-'));
  path = join(folder, 'agent.yaml');
  file = new AgentConfigFile(folder);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('AgentConfigFile', () => {
  it('is empty without a file', async () => {
    expect(await file.read()).toEqual({ services: new Map() });
    writeFileSync(path, '# nothing yet\n');
    expect(await file.read()).toEqual({ services: new Map() });
    writeFileSync(path, 'services:\n');
    expect(await file.read()).toEqual({ services: new Map() });
  });

  it('reads relay and services', async () => {
    writeFileSync(
      path,
      `${RELAY}name: garage\nservices:\n  constructor:\n    target: http://127.0.0.1:80/emoncms\n  nas: { target: "https://nas.lan", insecureSkipVerify: true }\n`,
    );
    const config = await file.read();
    expect(config.name).toBe('garage');
    expect(config.relay).toEqual({
      domain: 'home.example.net',
      ssh: { host: 'home.example.net', port: 2222 },
      https: 'https://home.example.net',
      hostKey: HOST_KEY,
    });
    expect([...config.services.keys()]).toEqual(['constructor', 'nas']);
    expect(config.services.get('constructor')).toMatchObject({
      insecureSkipVerify: false,
      target: { basePath: '/emoncms' },
    });
    expect(config.services.get('nas')?.insecureSkipVerify).toBe(true);
  });

  const wrong: [string, RegExp][] = [
    ['servises: {}', /agent\.yaml line 1: servises is not a known key: correct or remove it/],
    ['services:\n  a:\n    traget: tcp://a:1', /line 3|line 2.*target/],
    [
      'services:\n  a:\n    target: tcp://a:1\n    insecure: true',
      /line 4: services\.a\.insecure is not a known key/,
    ],
    ['services:\n  Bad_Name:\n    target: tcp://a:1', /line 3: services\.Bad_Name: is no service name/],
    ['services:\n  __proto__:\n    target: tcp://a:1', /services\.__proto__: is no service name/],
    ['services:\n  a:\n    target: http://169.254.169.254', /line 3: services\.a\.target: .*never exposed/],
    ['services:\n  a:\n    target: tcp://a:1\n    insecureSkipVerify: true', /line 4: .*https: targets only/],
    ['services: [a]', /line 1: services: /],
    ['services:\n  a: tcp://a:1', /line 2: services\.a: /],
    ['relay: { domain: a }', /line 1: relay\.ssh: /],
    [RELAY.replace(':2222', ''), /line 3: relay\.ssh: must be HOST:PORT/],
    [RELAY.replace('https://', 'http://'), /line 4: relay\.https: must be the address/],
    [
      RELAY.replace('example.net\n  hostKey', 'example.net/x\n  hostKey'),
      /relay\.https: must be the address/,
    ],
    [RELAY.replace('SHA256:', 'MD5:'), /line 5: relay\.hostKey: must be the fingerprint/],
    ['name: Garage', /line 1: name: must be 1 to 32/],
    ['name: a\nname: b', /line 2 is not valid YAML/],
    ['a: [', /line 1 is not valid YAML/],
    ['- a', /the file: /],
    ['x', /the file: /],
    ['a: &a [1]\nb: *a', /aliases/],
    [`#${'x'.repeat(70_000)}`, /longer than 65536 bytes/],
  ];
  it.each(wrong)('refuses %j', async (text, message) => {
    writeFileSync(path, text);
    const error: unknown = await file.read().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toContain('\n');
  });

  it('refuses what is no text file', async () => {
    writeFileSync(path, Buffer.from([0xff, 0xfe, 0]));
    await expect(file.read()).rejects.toThrow(/not UTF-8/);
    await expect(new AgentConfigFile(path).read()).rejects.toThrow(/ENOTDIR/);
  });

  it('keeps comments and order when a service is exposed', async () => {
    writeFileSync(
      path,
      '# mine\nservices:\n  # the meter\n  emoncms:\n    target: http://127.0.0.1 # here\nname: garage # it\n',
    );
    await file.expose('jupyter', { target: 'http://127.0.0.1:8888' });
    const config = await file.expose('emoncms', { target: 'https://127.0.0.1', insecureSkipVerify: true });
    expect([...config.services.keys()]).toEqual(['emoncms', 'jupyter']);
    const text = readFileSync(path, 'utf8');
    for (const comment of ['# mine', '# the meter', '# here', '# it']) expect(text).toContain(comment);
    await file.expose('emoncms', { target: 'http://127.0.0.1' });
    expect((await file.read()).services.get('emoncms')).toMatchObject({ insecureSkipVerify: false });
    expect(await file.unexpose('jupyter')).toBe(true);
    expect(await file.unexpose('jupyter')).toBe(false);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['agent.yaml']);
  });

  it('starts a file, notes the relay, and reads it back', async () => {
    expect(await file.unexpose('ssh')).toBe(false);
    await file.expose('ssh', { target: 'tcp://127.0.0.1:22' });
    const relay = {
      domain: 'r.net',
      ssh: '[::1]:22',
      https: 'https://r.net:8443',
      hostKey: HOST_KEY,
      ca: 'ca.pem',
    };
    await file.setRelay(relay, 'garage');
    const config = await file.read();
    expect(config.relay).toEqual({ ...relay, ssh: { host: '::1', port: 22 } });
    expect(config.services.get('ssh')?.target.text).toBe('tcp://127.0.0.1:22');
    expect(readFileSync(path, 'utf8')).toMatch(/^# What this agent/);
  });

  it('writes nothing when the result would be wrong', async () => {
    await file.expose('a', { target: 'tcp://127.0.0.1:1' });
    const before = readFileSync(path, 'utf8');
    await expect(file.expose('b', { target: 'tcp://169.254.1.1:1' })).rejects.toThrow(/never exposed/);
    await expect(file.expose('B', { target: 'tcp://127.0.0.1:1' })).rejects.toThrow(/no service name/);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('loses none of several edits at once', async () => {
    await Promise.all(
      Array.from({ length: 10 }, (_, n) => file.expose(`s${n}`, { target: `tcp://127.0.0.1:${n + 1}` })),
    );
    expect((await file.read()).services.size).toBe(10);
  });

  it('answers rubbish with a ConfigError', async () => {
    const words = 'relay: services: name: a: target: tcp://a:1 - [ ] { } & * ! | > " # ? : ~ <<: !!map'.split(
      ' ',
    );
    const text = fc
      .array(fc.constantFrom(...words, '\n', '\n  ', '\t'), { maxLength: 12 })
      .map((list) => list.join(' '));
    await fc.assert(
      fc.asyncProperty(text, async (text) => {
        writeFileSync(path, text);
        await file.read().catch((error: unknown) => expect(error).toBeInstanceOf(ConfigError));
      }),
      { numRuns: 2_000, interruptAfterTimeLimit: 2_000 },
    );
  });
});
