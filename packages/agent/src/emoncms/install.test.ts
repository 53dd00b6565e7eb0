import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../config/index.ts';
import { DEFAULT_ACCESS_LIST } from './access-list.ts';
import { installAccessList } from './install.ts';
import { keyOf, parseRemoteAccess } from './remote-access-file.ts';

let dataFolder: string;
beforeEach(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'porchlight-emoncms-'));
});
afterEach(() => rm(dataFolder, { recursive: true }));

const setup = () => ({
  dataFolder,
  service: 'emoncms',
  accessList: DEFAULT_ACCESS_LIST,
  readKey: undefined,
  writeKey: undefined,
});
const read = (name: string): Promise<string> => readFile(join(dataFolder, name), 'utf8');

describe('installing an access list', () => {
  it('writes rules and keys for the agent’s user alone', async () => {
    const keys = { readKey: new Secret('readkey1'), writeKey: new Secret('writekey1') };
    expect(await installAccessList({ ...setup(), ...keys })).toEqual({ allowed: 18, closed: 0 });
    expect(await read('secrets')).toBe('emoncms_read = readkey1\nemoncms_write = writekey1\n');
    expect((await stat(join(dataFolder, 'secrets'))).mode & 0o777).toBe(0o600);
    expect(await read('policy')).not.toContain('readkey1');
  });

  it('keeps what is there, takes a new key, and is the same when done twice', async () => {
    await writeFile(join(dataFolder, 'secrets'), '# mine\nhue = x\nemoncms_read = old12345\n', {
      mode: 0o600,
    });
    await writeFile(join(dataFolder, 'policy'), 'service hue\n  allow * /** add query u=$hue\n');
    await installAccessList({ ...setup(), readKey: new Secret('new12345') });
    expect(await read('secrets')).toBe('# mine\nhue = x\nemoncms_read = new12345\n');
    const policy = await read('policy');
    expect(policy).toContain('service hue\n  allow');
    expect(await installAccessList(setup())).toEqual({ allowed: 15, closed: 3 });
    expect(await read('policy')).toBe(policy);
  });

  it('changes nothing without a read key, or beside a policy that is wrong as it is', async () => {
    await expect(installAccessList(setup())).rejects.toThrow(/read key of emoncms is missing/);
    await writeFile(join(dataFolder, 'policy'), 'nonsense\n');
    await expect(installAccessList({ ...setup(), readKey: new Secret('readkey1') })).rejects.toThrow(
      /line 1/,
    );
    await expect(read('secrets')).rejects.toThrow(/ENOENT/);
  });
});

describe('remoteaccess.json', () => {
  it('is taken over with its keys and its list', () => {
    const file = {
      APP_ENV: 'production',
      APIKEY_READ: 'a'.repeat(32),
      APIKEY_WRITE: 'b'.repeat(32),
      MQTT_HOST: 'dashboard.example',
      MQTT_USERNAME: 'ann',
      MQTT_PASSWORD: 'secret',
      MQTT_PORT: 8883,
      MQTT_TLS: true,
      ACCESS_CONTROL: { 'feed/list': 'read', 'device/authallow': 'write' },
    };
    const parsed = parseRemoteAccess(JSON.stringify(file), 'remoteaccess.json');
    expect([...parsed.accessList]).toEqual([
      ['feed/list', 'read'],
      ['device/authallow', 'write'],
    ]);
    expect(parsed.readKey?.reveal()).toBe('a'.repeat(32));
    expect(parsed.mqtt).toMatchObject({ host: 'dashboard.example', username: 'ann' });
    expect(JSON.stringify(parsed)).not.toMatch(/aaaa|bbbb|"secret"/);
  });

  it('says what is wrong, and no secret', () => {
    expect(() => parseRemoteAccess('{', 'f')).toThrow(/f is not JSON/);
    expect(() => parseRemoteAccess('[]', 'f')).toThrow(/no object/);
    expect(() => parseRemoteAccess('{"APIKEY_READ":"a b c d e f g"}', 'f')).toThrow(
      /^f: APIKEY_READ is no API key/,
    );
    expect(() => keyOf('short', 'x')).toThrow(/no API key/);
    expect(keyOf(' \n', 'x')).toBeUndefined();
  });
});
