import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.ts';
import { prepareDataFolder } from './data-folder.ts';
import { dataFolderLock } from './data-folder-lock.ts';
import { describeListenError } from './listen-error.ts';
import { createAddressMatcher } from './trusted-proxies.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-data-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('prepareDataFolder', () => {
  it('makes the folder for its user alone', async () => {
    const path = join(folder, 'a', 'b');
    await expect(prepareDataFolder(path)).resolves.toEqual([]);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    await expect(prepareDataFolder(path)).resolves.toEqual([]);
  });

  it('says what is wrong with one that cannot be used', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(prepareDataFolder(join(folder, 'file'))).rejects.toThrow(/is a file, or below one.*--data/);
    await expect(prepareDataFolder(join(folder, 'file', 'x'))).rejects.toThrow(ConfigError);
    await expect(prepareDataFolder('/proc/porchlight')).rejects.toThrow(ConfigError);
  });
});

describe('dataFolderLock', () => {
  it('refuses a second holder, naming the first, until it is released', () => {
    const lock = dataFolderLock(folder);
    expect(() => dataFolderLock(folder)).toThrow(`process ${process.pid} on`);
    lock.release();
    lock.release();
    dataFolderLock(folder).release();
  });

  it('is refused to another process, and free once the holder was killed with -9', async () => {
    const program = join(folder, 'hold.mjs');
    const module = join(import.meta.dirname, 'data-folder-lock.ts');
    writeFileSync(
      program,
      `import { dataFolderLock } from ${JSON.stringify(module)};
       dataFolderLock(${JSON.stringify(folder)}); process.send('held'); setInterval(() => {}, 1000);`,
    );
    const holder = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    try {
      await once(holder, 'message');
      expect(() => dataFolderLock(folder)).toThrow(`process ${holder.pid} on`);
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    dataFolderLock(folder).release();
  });
});

describe('describeListenError', () => {
  it('names port, cause and mend of a port in use', async () => {
    const first = createServer().listen(0, '127.0.0.1');
    await once(first, 'listening');
    const { port } = first.address() as AddressInfo;
    const second = createServer().listen(port, '127.0.0.1');
    const [error] = (await once(second, 'error')) as [Error];
    const line = describeListenError(error, { name: 'HTTPS', port, host: '127.0.0.1', flag: '--https' });
    expect(line).toBeInstanceOf(ConfigError);
    expect(line.message).toBe(
      `HTTPS: port ${port} of 127.0.0.1 is in use by another program: stop that, or choose another port with --https`,
    );
    first.close();
    await once(first, 'close');
  });

  it('has a line for every other failure', () => {
    for (const code of ['EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EWHATEVER']) {
      const wish = { name: 'SSH', port: 22, host: undefined, flag: '--ssh' };
      expect(describeListenError(Object.assign(new Error(code), { code }), wish).message).toMatch(
        /^SSH: .+: .+/,
      );
    }
  });
});

describe('createAddressMatcher', () => {
  it('trusts the named addresses and blocks only', () => {
    const trusted = createAddressMatcher(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
    expect(['127.0.0.1', '10.9.8.7', '::ffff:10.1.1.1', 'fd00::1'].map(trusted)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['127.0.0.2', '11.0.0.1', '::1', 'unknown', '', undefined].map(trusted)).toEqual(
      Array.from({ length: 6 }, () => false),
    );
    expect(createAddressMatcher([])('127.0.0.1')).toBe(false);
  });
});
