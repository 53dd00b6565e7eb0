import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

// Plain JavaScript without types, because an older Node has to run it.
const load = (name: string): Promise<unknown> => import(new URL(name, import.meta.url).href);
const { fits } = (await load('./fits.mjs')) as { fits(root: string): boolean };
const { withLock } = (await load('./lock.mjs')) as {
  withLock(file: string, work: () => Promise<unknown>, waiting: () => void): Promise<unknown>;
};

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bootstrap-'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('fits', () => {
  const a = { 'node_modules/a': { version: '1.0.0' } };
  const other = { 'node_modules/other-platform': { version: '1.0.0', optional: true } };
  const cases: [name: string, wanted: object, present: object | undefined, fit: boolean][] = [
    ['nothing installed', a, undefined, false],
    ['the same', a, a, true],
    ['another version', a, { 'node_modules/a': { version: '1.0.1' } }, false],
    ['one missing', a, {}, false],
    ['one too many', {}, a, false],
    ['a package for another platform missing', { ...a, ...other }, a, true],
    [
      'workspaces differ in what npm notes of them',
      { ...a, demo: {} },
      { ...a, demo: { version: '1' } },
      true,
    ],
  ];
  it.each(cases)('%s', (_name, wanted, present, fit) => {
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...wanted } }));
    mkdirSync(join(root, 'node_modules'));
    if (present !== undefined) {
      writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: present }));
    }
    expect(fits(root)).toBe(fit);
  });
});

describe('withLock', () => {
  it('lets one work at a time, and tells the other once that it waits', async () => {
    const file = join(root, 'deep', 'lock');
    const order: string[] = [];
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const first = withLock(
      file,
      async () => {
        await held;
        order.push('first');
      },
      () => order.push('never'),
    );
    const second = withLock(
      file,
      async () => order.push('second'),
      () => {
        order.push('waiting');
        letGo();
      },
    );
    await Promise.all([first, second]);
    expect(order).toEqual(['waiting', 'first', 'second']);
    expect(existsSync(file)).toBe(false);
  });

  it('takes over from a process that is gone', async () => {
    const file = join(root, 'lock');
    writeFileSync(file, JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }));
    const work = async (): Promise<unknown> => JSON.parse(readFileSync(file, 'utf8'));
    expect(await withLock(file, work, () => undefined)).toMatchObject({ pid: process.pid });
  });

  it('is free again after a failure', async () => {
    const file = join(root, 'lock');
    const fail = (): Promise<never> => Promise.reject(new Error('no network'));
    await expect(withLock(file, fail, () => undefined)).rejects.toThrow('no network');
    expect(existsSync(file)).toBe(false);
  });
});
