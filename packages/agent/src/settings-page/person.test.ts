import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Credentials } from './credentials.ts';
import { createPersonCheck } from './person.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-person-'));
});
afterEach(() => rm(folder, { recursive: true }));

const basic = (text: string) => ({
  headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` },
  address: '10.0.0.9',
});

it('knows the password of the page, as it is now, and gives up on who guesses', async () => {
  let now = 0;
  const isPerson = createPersonCheck(folder, () => now);
  expect(await isPerson(basic('me:'))).toBe(false);
  await (await Credentials.open(folder)).setPassword('correct: horse');
  expect(await isPerson(basic('me:correct: horse'))).toBe(true);
  expect(await isPerson({ headers: {}, address: '10.0.0.9' })).toBe(false);
  for (const text of ['Bearer x', 'Basic', 'Basic !!', `Basic ${'A'.repeat(2_000)}`]) {
    expect(await isPerson({ headers: { authorization: text }, address: '10.0.0.9' }), text).toBe(false);
  }
  for (let n = 0; n < 6; n += 1) expect(await isPerson(basic(`me:guess ${n}`))).toBe(false);
  expect(await isPerson(basic('me:correct: horse'))).toBe(false);
  expect(await isPerson({ ...basic('me:correct: horse'), address: '10.0.0.10' })).toBe(true);
  now += 60_000;
  expect(await isPerson(basic('me:correct: horse'))).toBe(true);
});
