import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configFolder } from './config-folder.ts';
import type { RelayLogin } from './relay-login.ts';
import { RelayLogins } from './relay-logins.ts';

const ORIGIN = 'https://relay.example';
const login = (origin: string): RelayLogin => ({
  origin,
  hostKey: 'SHA256:x',
  account: 'alice',
  credential: { kind: 'token', token: 'plt_secret' },
});
let folder: string;
let logins: RelayLogins;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-logins-'));
  logins = new RelayLogins(join(folder, 'porchlight'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('keeps each relay in a file for its owner alone, and knows the one in use', async () => {
  expect([await logins.current(), await logins.origins(), await logins.get(ORIGIN)]).toEqual([
    undefined,
    [],
    undefined,
  ]);
  await logins.set(login(ORIGIN));
  await logins.set(login('http://localhost:8080'));
  await logins.use('http://localhost:8080');
  expect(await logins.origins()).toEqual(['http://localhost:8080', ORIGIN]);
  expect(await logins.current()).toBe('http://localhost:8080');
  expect(await logins.get(ORIGIN)).toEqual(login(ORIGIN));
  expect((await stat(logins.pathOf(ORIGIN))).mode & 0o777).toBe(0o600);
  await logins.tokensOf(ORIGIN).save({ accessToken: 'plo_x', expiresAt: 1 });
  await logins.remove('http://localhost:8080');
  expect(await logins.current()).toBe(ORIGIN);
  await logins.remove(ORIGIN);
  expect(await logins.current()).toBeUndefined();
  expect(await readdir(join(folder, 'porchlight/relays'))).toEqual([]);
});

it('two relays never share a file', () => {
  const origins = [
    ORIGIN,
    `${ORIGIN}:8443`,
    'http://localhost',
    'https://localhost',
    'http://[::1]:80',
    'http://127.0.0.1',
  ];
  expect(new Set(origins.map((each) => logins.pathOf(each))).size).toBe(origins.length);
});

it('does not believe a file that others may read or change, nor a damaged one', async () => {
  await logins.set(login(ORIGIN));
  const path = logins.pathOf(ORIGIN);
  await chmod(path, 0o644);
  await expect(logins.get(ORIGIN)).rejects.toMatchObject({ hint: `chmod 600 ${path}`, exitCode: 2 });
  await chmod(path, 0o600);
  await writeFile(path, '{"origin":');
  await expect(logins.get(ORIGIN)).rejects.toThrow(`${path} is damaged`);
  await writeFile(path, ' '.repeat(300_000));
  await expect(logins.get(ORIGIN)).rejects.toThrow('is larger than');
});

it('is where the specification says', () => {
  expect(configFolder({ XDG_CONFIG_HOME: '/x' })).toBe('/x/porchlight');
  expect(configFolder({ XDG_CONFIG_HOME: 'relative' })).toMatch(/\/\.config\/porchlight$/);
  expect(configFolder({})).toMatch(/\/\.config\/porchlight$/);
});
