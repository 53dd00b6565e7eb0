import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AUDIT_WINDOW_MS, AuditLog } from './audit-log.ts';
import { COARSE_MAX, DETAILS_MAX } from './window.ts';

let folder: string;
let path: string;
let clock: FakeClock;
let problems: unknown[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pla-'));
  path = join(folder, 'audit.log');
  clock = new FakeClock();
  problems = [];
});

afterEach(() => {
  expect(clock.waiting).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

const open = (maxBytes?: number) =>
  new AuditLog({
    dataFolder: folder,
    clock,
    onProblem: (error) => problems.push(error),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });

function lines(file = path): Record<string, unknown>[] {
  const text = readFileSync(file, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('AuditLog', () => {
  it('notes requests and events in order, for its user alone, without queries', async () => {
    const audit = open();
    audit.request({
      service: 'emoncms',
      person: 'alice',
      role: 'owner',
      decision: 'allow',
      rule: 3,
      method: 'GET',
      target: '/feed?key=secret',
    });
    audit.event('paused', { by: 'control socket' });
    audit.request({ service: 'ssh', decision: 'deny', reason: 'no "rule"\n' });
    await audit.close();
    await audit.close();
    audit.event('too late');
    const at = '2026-01-01T00:00:00.000Z';
    expect(lines()).toEqual([
      {
        at,
        service: 'emoncms',
        person: 'alice',
        role: 'owner',
        decision: 'allow',
        rule: 3,
        method: 'GET',
        path: '/feed',
      },
      { at, event: 'paused', by: 'control socket' },
      { at, service: 'ssh', decision: 'deny', reason: 'no "rule"\n' },
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('writes one line a second for hot traffic', async () => {
    const audit = open();
    const request = { service: 'a', person: 'bob', decision: 'allow', method: 'GET' } as const;
    for (let n = 0; n < 20_000; n++) audit.request({ ...request, target: `/x?n=${n}` });
    await clock.advance(AUDIT_WINDOW_MS);
    for (let n = 0; n < 5; n++) audit.request({ ...request, target: '/x' });
    await audit.close();
    expect(lines().map((line) => line['count'])).toEqual([20_000, 5]);
  });

  it('stays bounded when every request is different', async () => {
    const audit = open();
    for (let n = 0; n < 1_000; n++) {
      audit.request({ service: 'a', decision: 'allow', method: 'GET', target: `/${n}${'x'.repeat(5_000)}` });
    }
    for (let n = 0; n < 1_000; n++) audit.request({ service: 'a', person: `p${n}`, decision: 'allow' });
    await audit.close();
    const all = lines();
    expect(all).toHaveLength(DETAILS_MAX + COARSE_MAX + 1);
    expect(all.at(-1)).toMatchObject({ count: 1_001 - COARSE_MAX });
    expect(all.reduce((sum, line) => sum + Number(line['count'] ?? 1), 0)).toBe(2_000);
    expect(String(all[0]?.['path']).length).toBeLessThan(300);
  });

  it('keeps two files of bounded size', async () => {
    const audit = open(2_000);
    for (let n = 0; n < 200; n++) {
      audit.event('tick', { n });
    }
    await audit.close();
    expect(statSync(path).size).toBeLessThanOrEqual(2_000);
    expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(2_000);
    const kept = [...lines(`${path}.1`), ...lines()].map((line) => line['n']);
    expect(kept.at(-1)).toBe(199);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 200 - kept.length + index));
  });

  it('goes on in the file that is there, after a line that was cut short', async () => {
    writeFileSync(path, '{"at":"2026"}\n{"at":"cu');
    const audit = open();
    audit.event('started');
    await audit.close();
    const text = readFileSync(path, 'utf8').split('\n');
    expect(text).toHaveLength(4);
    expect(JSON.parse(text[2]!)).toMatchObject({ event: 'started' });
  });

  it('survives a disk that takes nothing, says so once, and says later what is lost', async () => {
    mkdirSync(path);
    const audit = open();
    audit.event('one');
    while (problems.length === 0) await clock.advance(0);
    audit.event('two');
    await clock.advance(0);
    rmdirSync(path);
    // The second line may fail as well, or be written already; the third finds a working disk.
    audit.event('three');
    await audit.close();
    expect(problems).toHaveLength(1);
    expect(
      lines().find((line) => line['event'] === 'lines lost because the disk did not take them')?.['count'],
    ).toBeGreaterThan(0);
    expect(lines().some((line) => line['event'] === 'three')).toBe(true);
  });
});
