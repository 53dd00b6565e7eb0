import { FakeClock } from '@porchlight/testkit';
import { expect, test } from 'vitest';
import type { SecretStore } from '../config/index.ts';
import { SigningKeys } from './signing-keys.ts';

function memorySecrets(): SecretStore & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    get: async (name) => kept.get(name),
    getOrInsert: async (name, value) => {
      if (!kept.has(name)) kept.set(name, value);
      return kept.get(name) ?? value;
    },
    set: async (name, value) => void kept.set(name, value),
    remove: async (name) => void kept.delete(name),
  };
}

const DAY = 24 * 3600_000;

test('keys stay, and are changed in time: the next is shown before it signs, the last one after', async () => {
  const clock = new FakeClock();
  const secrets = memorySecrets();
  const kids = async () => (await new SigningKeys({ secrets, clock }).current()).map(({ kid }) => kid);
  const first = await kids();
  expect(first).toHaveLength(2);
  expect(await kids()).toEqual(first);
  await clock.advance(89 * DAY);
  expect(await kids()).toEqual(first);
  await clock.advance(2 * DAY);
  const second = await kids();
  expect(second).toEqual([first[1], expect.any(String), first[0]]);
  expect(first).not.toContain(second[1]);
  expect(await kids()).toEqual(second);
  await clock.advance(91 * DAY);
  expect(await kids()).toEqual([second[1], expect.any(String), second[0]]);
});

test('of two relays that start at once both have the same keys', async () => {
  const clock = new FakeClock();
  const secrets = memorySecrets();
  const [one, other] = await Promise.all([1, 2].map(() => new SigningKeys({ secrets, clock }).current()));
  expect(one).toEqual(other);
});
