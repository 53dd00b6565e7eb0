import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.ts';
import { chooseDataFolder, prepareDataFolder } from './data-folder.ts';
import { lockDataFolder } from './data-folder-lock.ts';
import { openIdentity } from './identity.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pld-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('chooseDataFolder', () => {
  const home = '/home/ann';
  it('goes by flag, environment, user', () => {
    const env = { PORCHLIGHT_DATA: '/env', XDG_DATA_HOME: '/xdg' };
    expect(chooseDataFolder({ flag: '/flag', env, uid: 0, home })).toBe('/flag');
    expect(chooseDataFolder({ env, uid: 0, home })).toBe('/env');
    expect(chooseDataFolder({ env: { PORCHLIGHT_DATA: '' }, uid: 0, home })).toBe(
      '/var/lib/porchlight-agent',
    );
    expect(chooseDataFolder({ env: { XDG_DATA_HOME: '/xdg' }, uid: 7, home })).toBe('/xdg/porchlight-agent');
    const local = '/home/ann/.local/share/porchlight-agent';
    expect(chooseDataFolder({ env: { XDG_DATA_HOME: 'relative' }, uid: 7, home })).toBe(local);
    expect(chooseDataFolder({ env: {}, uid: undefined, home })).toBe(local);
  });
});

describe('prepareDataFolder', () => {
  it('makes the folder for its user alone, and says what is wrong with others', async () => {
    const path = join(folder, 'a', 'b');
    await prepareDataFolder(path);
    await prepareDataFolder(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    chmodSync(path, 0o770);
    await expect(prepareDataFolder(path)).rejects.toThrow(`chmod 700 ${path}`);
    writeFileSync(join(folder, 'file'), '');
    await expect(prepareDataFolder(join(folder, 'file'))).rejects.toThrow(/is no folder.*--data/);
    await expect(prepareDataFolder(join(folder, 'file', 'x'))).rejects.toThrow(ConfigError);
    await expect(prepareDataFolder('/proc/porchlight')).rejects.toThrow(ConfigError);
  });
});

describe('openIdentity', () => {
  it('makes a key once and keeps it', async () => {
    const [first, second] = await Promise.all([openIdentity(folder), openIdentity(folder)]);
    expect(first).toEqual(second);
    expect(await openIdentity(folder)).toEqual(first);
    expect(first.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect(first.publicKey).toMatch(/^ssh-ed25519 AAAA/);
    expect(statSync(join(folder, 'identity')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['identity']);
    const key = ssh2.utils.parseKey(first.privateKey.reveal());
    expect(key instanceof Error ? key : key.isPrivateKey()).toBe(true);
    expect(
      `${inspect(first, { depth: 9 })} ${JSON.stringify(first)} ${String(first.privateKey)}`,
    ).not.toContain('OPENSSH');
  });

  it('refuses a key that others may read, or that is none, and leaves it as it is', async () => {
    await openIdentity(folder);
    const path = join(folder, 'identity');
    chmodSync(path, 0o640);
    await expect(openIdentity(folder)).rejects.toThrow(`chmod 600 ${path}`);
    chmodSync(path, 0o600);
    writeFileSync(path, 'rubbish');
    await expect(openIdentity(folder)).rejects.toThrow(/no Ed25519 private key/);
    expect(readFileSync(path, 'utf8')).toBe('rubbish');
    writeFileSync(path, ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private);
    await expect(openIdentity(folder)).rejects.toThrow(/no Ed25519 private key/);
  });
});

describe('lockDataFolder', () => {
  it('refuses a second holder, naming the first, until it is released', async () => {
    const lock = await lockDataFolder(folder);
    await expect(lockDataFolder(folder)).rejects.toThrow(
      `process ${process.pid}) runs on the data folder ${folder}`,
    );
    expect(statSync(join(folder, 'agent.lock')).mode & 0o777).toBe(0o600);
    await lock.release();
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
    await (await lockDataFolder(folder)).release();
  });

  it('is free again once the holder was killed with -9', async () => {
    const program = join(folder, 'hold.mjs');
    const module = join(import.meta.dirname, 'data-folder-lock.ts');
    writeFileSync(
      program,
      `import { lockDataFolder } from ${JSON.stringify(module)};
       await lockDataFolder(${JSON.stringify(folder)}); process.send('held'); setInterval(() => {}, 1000);`,
    );
    const holder = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    try {
      await once(holder, 'message');
      await expect(lockDataFolder(folder)).rejects.toThrow(`process ${holder.pid})`);
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    expect(readdirSync(folder)).toContain('agent.lock');
    await (await lockDataFolder(folder)).release();
    expect(readdirSync(folder)).toEqual(['hold.mjs']);
  });

  it('is taken over after a take-over that was cut short', async () => {
    writeFileSync(join(folder, 'agent.lock'), '');
    writeFileSync(join(folder, 'agent.lock.takeover'), '');
    await expect(lockDataFolder(folder)).rejects.toThrow(/just starting/);
    utimesSync(join(folder, 'agent.lock.takeover'), 0, 0);
    await (await lockDataFolder(folder)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is given to one of many that start at once on a stale lock', async () => {
    writeFileSync(join(folder, 'agent.lock'), 'left over');
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataFolder(folder)));
    const won = results.filter((result) => result.status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ConfigError);
    }
    await Promise.all(won.map((result) => result.value.release()));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says what to do about a path that is too long for a socket', async () => {
    const long = join(folder, 'x'.repeat(100));
    await expect(lockDataFolder(long)).rejects.toThrow(/too long for a socket: choose/);
    await expect(lockDataFolder(join(folder, 'none'))).rejects.toThrow(/cannot be locked/);
  });
});
