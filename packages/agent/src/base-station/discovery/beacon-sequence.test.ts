import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BeaconSequence } from './beacon-sequence.ts';

it('rises, over restarts too, and seldom writes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'porchlight-beacon-'));
  const first = await BeaconSequence.open(folder);
  expect([await first.next(), await first.next()]).toEqual([1, 2]);
  const written = await readFile(join(folder, 'beacon.json'), 'utf8');
  for (let n = 3; n <= 1_000; n += 1) expect(await first.next()).toBe(n);
  expect(await readFile(join(folder, 'beacon.json'), 'utf8')).toBe(written);
  const second = await BeaconSequence.open(folder);
  expect(await second.next()).toBe(1_001);
  expect(await (await BeaconSequence.open(folder)).next()).toBe(2_001);
  await rm(folder, { recursive: true });
});
