import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogFields, Logger } from '../telemetry/index.ts';
import type { AccessEntry } from './access-entry.ts';
import { AccessLog } from './access-log.ts';
import { LogFile } from './log-file.ts';

const entry = (target: string): AccessEntry => ({ target }) as AccessEntry;

let folder: string;
let path: string;
let clock: FakeClock;
let said: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-access-'));
  path = join(folder, 'access.log');
  clock = new FakeClock();
  said = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const hear = (fields: LogFields, event: string): void =>
  void said.push(fields['lines'] === undefined ? event : `${event}: ${Number(fields['lines'])}`);
const logger: Logger = { debug: hear, info: hear, warn: hear, error: hear, child: () => logger };

function logOn(file: { append(bytes: Buffer): Promise<number>; close(): Promise<void> }): AccessLog {
  return new AccessLog({ file, format: ({ target }) => `${target}\n`, clock, logger });
}
const realLog = (maxBytes = 0, keep = 2): AccessLog => logOn(new LogFile({ path, maxBytes, keep }));
const text = (name = 'access.log'): Promise<string> => readFile(join(folder, name), 'utf8');

describe('writing', () => {
  it('comes once a second, in order, and at the end', async () => {
    const batches: string[] = [];
    const log = logOn({
      async append(bytes) {
        batches.push(bytes.toString());
        return bytes.length;
      },
      async close() {},
    });
    log.append(entry('/a'));
    log.append(entry('/b'));
    expect(batches).toEqual([]);
    await clock.advance(1000);
    expect(batches).toEqual(['/a\n/b\n']);
    log.append(entry('/c'));
    await log.close();
    expect(batches).toEqual(['/a\n/b\n', '/c\n']);
    expect(clock.waiting).toBe(0);
  });

  it('goes on after a full disk without a line lost or doubled, and says so once', async () => {
    let room = 4;
    let disk = '';
    const log = logOn({
      async append(bytes) {
        if (room === 0) throw new Error('ENOSPC');
        const part = bytes.subarray(0, room);
        room -= part.length;
        disk += part.toString();
        return part.length;
      },
      async close() {},
    });
    log.append(entry('/first'));
    await clock.advance(1000);
    log.append(entry('/second'));
    await clock.advance(20_000);
    expect(said).toEqual(['access log not written, trying again']);
    room = Number.POSITIVE_INFINITY;
    await clock.advance(6000);
    expect(disk).toBe('/first\n/second\n');
    expect(said.slice(1)).toEqual(['access log is written again']);
    expect(log.lost).toBe(0);
  });

  it('keeps no more than its bound while the disk refuses, and counts what is lost', async () => {
    let works = false;
    let lines = 0;
    const log = logOn({
      async append(bytes) {
        if (!works) throw new Error('EIO');
        lines += bytes.toString().split('\n').length - 1;
        return bytes.length;
      },
      async close() {},
    });
    const long = `/${'x'.repeat(99_999)}`;
    for (let i = 0; i < 300; i += 1) log.append(entry(long));
    await log.flush();
    for (let i = 0; i < 300; i += 1) log.append(entry(long));
    expect(log.lost).toBeGreaterThan(200);
    works = true;
    await log.close();
    expect(lines + log.lost).toBe(600);
    expect(said).toContain(`access log lost lines: ${log.lost}`);
  });
});

describe('the file', () => {
  it('is set aside by size, and the oldest goes', async () => {
    const log = realLog(20, 2);
    for (let i = 0; i < 8; i += 1) {
      log.append(entry(`/visit-${i}`));
      await log.flush();
    }
    expect((await readdir(folder)).sort()).toEqual(['access.log', 'access.log.1', 'access.log.2']);
    expect([await text('access.log.2'), await text('access.log.1'), await text()]).toEqual([
      '/visit-2\n/visit-3\n',
      '/visit-4\n/visit-5\n',
      '/visit-6\n/visit-7\n',
    ]);
    await log.close();
  });

  it('is made anew when another program has moved it', async () => {
    const log = realLog();
    log.append(entry('/a'));
    await log.flush();
    await rename(path, `${path}-old`);
    log.append(entry('/b'));
    await log.flush();
    expect([await text('access.log-old'), await text()]).toEqual(['/a\n', '/b\n']);
    await log.reopen();
    log.append(entry('/c'));
    await log.close();
    expect(await text()).toBe('/b\n/c\n');
  });

  it('may be cut short by another program, and keeps what others append', async () => {
    const log = realLog();
    log.append(entry('/a'));
    await log.flush();
    await truncate(path, 0);
    await appendFile(path, 'a note\n');
    log.append(entry('/b'));
    await log.close();
    expect(await text()).toBe('a note\n/b\n');
  });

  it('comes back with its folder', async () => {
    path = join(folder, 'inner', 'access.log');
    const log = realLog();
    log.append(entry('/a'));
    await log.flush();
    expect(said).toEqual(['access log not written, trying again']);
    await mkdir(join(folder, 'inner'));
    await clock.advance(5000);
    await log.close();
    expect(await text('inner/access.log')).toBe('/a\n');
  });
});
