import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { AuditLog } from './audit-log.ts';
import { type AuditEntry, type ReadAuditOptions, readAudit } from './read-audit.ts';

let dataFolder: string;
let path: string;
const never = new AbortController().signal;

beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'porchlight-audit-'));
  path = join(dataFolder, 'audit.log');
});

afterEach(() => rmSync(dataFolder, { recursive: true, force: true }));

const line = (fields: Record<string, unknown>): string =>
  `${JSON.stringify({ at: '2026-01-01T00:00:00.000Z', ...fields })}\n`;

async function all(options: Partial<ReadAuditOptions> = {}): Promise<AuditEntry[]> {
  const found: AuditEntry[] = [];
  for await (const entry of readAudit({ dataFolder, signal: never, ...options })) found.push(entry);
  return found;
}

describe('the audit reader', () => {
  it('reads what the audit log writes', async () => {
    const audit = new AuditLog({ dataFolder, clock: systemClock, onProblem: () => expect.fail() });
    audit.event('link up', { transport: 'ssh' });
    audit.request({ service: 'web', person: 'ann', decision: 'allow', method: 'GET', target: '/a?secret=1' });
    audit.request({ service: 'web', person: 'ann', decision: 'allow', method: 'GET', target: '/a?secret=2' });
    audit.request({ service: 'ssh', decision: 'deny', rule: 3, reason: 'paused' });
    await audit.close();
    expect(await all()).toMatchObject([
      { event: 'link up', transport: 'ssh' },
      { service: 'web', person: 'ann', decision: 'allow', method: 'GET', path: '/a', count: 2 },
      { service: 'ssh', decision: 'deny', rule: 3, reason: 'paused' },
    ]);
    expect(await all({ service: 'ssh' })).toHaveLength(1);
    expect(await all({ person: 'ann' })).toHaveLength(1);
    expect(await all({ decision: 'deny' })).toMatchObject([{ service: 'ssh' }]);
    expect(await all({ last: 1 })).toMatchObject([{ service: 'ssh' }]);
    expect(await all({ last: 1, decision: 'allow' })).toMatchObject([{ service: 'web' }]);
  });

  it('gives the newest of both files, oldest first', async () => {
    writeFileSync(`${path}.1`, [1, 2, 3].map((n) => line({ event: 'e', n })).join(''));
    writeFileSync(path, [4, 5].map((n) => line({ event: 'e', n })).join(''));
    expect((await all({ last: 3 })).map(({ n }) => n)).toEqual([3, 4, 5]);
    expect((await all()).map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
  });

  it('gives nothing where nothing was written', async () => {
    expect(await all()).toEqual([]);
  });

  it('leaves out what is no entry, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), async (rubbish) => {
        writeFileSync(path, line({ event: 'first' }));
        for (const bytes of rubbish) appendFileSync(path, bytes);
        appendFileSync(path, `\n${line({ event: 'last' })}${line({ event: 'cut' }).slice(0, -5)}`);
        const found = await all();
        expect(found[0]).toMatchObject({ event: 'first' });
        expect(found.at(-1)).toMatchObject({ event: 'last' });
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it('does not gather an endless line', async () => {
    writeFileSync(path, 'x'.repeat(1024 * 1024));
    appendFileSync(path, `\n${line({ event: 'after' })}`);
    expect(await all()).toMatchObject([{ event: 'after' }]);
  });

  it('follows a growing file, over a new beginning and over lines in two parts', async () => {
    writeFileSync(path, line({ event: 'e', n: 1 }));
    const stop = new AbortController();
    const reader = readAudit({ dataFolder, signal: stop.signal, follow: true, lookMs: 2 });
    const next = async (): Promise<unknown> => (await reader.next()).value?.['n'];
    expect(await next()).toBe(1);
    const second = line({ event: 'e', n: 2 });
    appendFileSync(path, second.slice(0, 20));
    const waiting = next();
    appendFileSync(path, second.slice(20));
    expect(await waiting).toBe(2);
    appendFileSync(path, line({ event: 'e', n: 3 }));
    renameSync(path, `${path}.1`);
    writeFileSync(path, line({ event: 'e', n: 4 }));
    expect(await next()).toBe(3);
    expect(await next()).toBe(4);
    const end = reader.next();
    stop.abort();
    expect((await end).done).toBe(true);
  });

  it('follows a file that is not there yet', async () => {
    const stop = new AbortController();
    const reader = readAudit({ dataFolder, signal: stop.signal, follow: true, lookMs: 2 });
    const first = reader.next();
    writeFileSync(path, line({ event: 'begun' }));
    expect((await first).value).toMatchObject({ event: 'begun' });
    stop.abort();
    expect((await reader.next()).done).toBe(true);
  });
});
