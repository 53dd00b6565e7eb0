import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readPolicyText, savePolicy } from './save-policy.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-policy-'));
});
afterEach(() => rm(folder, { recursive: true }));

const GOOD = 'service web\n  allow GET /**\n';
const WITH_SECRET = 'service web\n  allow GET /** add header X-Key=$key\n';

it('keeps a policy that can be used, for its owner alone', async () => {
  expect(await readPolicyText(folder)).toBe('');
  await savePolicy(folder, GOOD);
  expect(await readPolicyText(folder)).toBe(GOOD);
  expect((await stat(join(folder, 'policy'))).mode & 0o777).toBe(0o600);
});

it('leaves the one that is there alone when the next has a mistake, is too long, or wants a secret that is not there', async () => {
  await savePolicy(folder, GOOD);
  await expect(savePolicy(folder, 'service web\n  let everything')).rejects.toThrow(/^not saved: line 2: /);
  await expect(savePolicy(folder, `#${'x'.repeat(1024 * 1024)}`)).rejects.toThrow(/bytes at most/);
  await expect(savePolicy(folder, WITH_SECRET)).rejects.toThrow(/^not saved: line 2: /);
  expect(await readFile(join(folder, 'policy'), 'utf8')).toBe(GOOD);
  await writeFile(join(folder, 'secrets'), 'key = abc\n', { mode: 0o600 });
  await savePolicy(folder, WITH_SECRET);
  expect(await readPolicyText(folder)).toBe(WITH_SECRET);
});
