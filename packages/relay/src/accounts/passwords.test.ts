import { parseOptions } from '@node-rs/argon2';
import { expect, test } from 'vitest';
import { Passwords } from './passwords.ts';

test('hashes with argon2id, 19 MiB and two passes, and checks', async () => {
  const passwords = new Passwords();
  const hash = await passwords.hash('correct horse');
  expect(hash).toMatch(/^\$argon2id\$/);
  expect(parseOptions(hash)).toMatchObject({ memoryCost: 19_456, timeCost: 2, parallelism: 1 });
  expect(await passwords.verify(hash, 'correct horse')).toBe(true);
  expect(await passwords.verify(hash, 'correct horsf')).toBe(false);
  expect(await passwords.verify(undefined, 'correct horse')).toBe(false);
});

test('takes a bounded number at once and tells the rest that it is busy', async () => {
  const passwords = new Passwords();
  const results = await Promise.allSettled(
    Array.from({ length: 60 }, () => passwords.verify(undefined, 'x')),
  );
  const refused = results.filter((one) => one.status === 'rejected');
  expect(refused).toHaveLength(18);
  expect(refused[0]).toMatchObject({ reason: { code: 'busy' } });
  expect(await passwords.verify(undefined, 'x')).toBe(false);
});
