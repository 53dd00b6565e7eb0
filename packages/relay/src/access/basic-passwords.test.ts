import { FakeClock } from '@porchlight/testkit';
import * as fc from 'fast-check';
import { beforeEach, expect, test, vi } from 'vitest';
import { Passwords } from '../accounts/index.ts';
import { BasicPasswords, parseBasic } from './basic-passwords.ts';

const header = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

let passwords: Passwords;
let clock: FakeClock;
let basic: BasicPasswords;
let service: { name: string; users: { name: string; passwordHash: string }[] };

beforeEach(async () => {
  passwords = new Passwords();
  clock = new FakeClock();
  basic = new BasicPasswords({ passwords, clock });
  service = { name: 'web', users: [await user('guest', 'porch: light')] };
});

const user = async (name: string, password: string) => ({
  name,
  passwordHash: await passwords.hash(password),
});

const check = (authorization: string | undefined, address = '192.0.2.1') =>
  basic.check('d', service, { authorization, address });

const basicOf = (users: typeof service.users) =>
  basic.check(
    'd',
    { name: 'web', users },
    { authorization: header('guest', 'porch: light'), address: '192.0.2.1' },
  );

test('right, wrong, absent', async () => {
  expect(await check(header('guest', 'porch: light'))).toBe('right');
  expect(await check(header('guest', 'porch light'))).toBe('wrong');
  expect(await check(header('Guest', 'porch: light'))).toBe('wrong');
  expect(await check(undefined)).toBe('absent');
  expect(await check('Bearer x')).toBe('absent');
});

test('a verified password costs no second hash, until it is changed', async () => {
  const verify = vi.spyOn(passwords, 'verify');
  for (let n = 0; n < 5; n += 1) expect(await check(header('guest', 'porch: light'))).toBe('right');
  expect(verify).toHaveBeenCalledTimes(1);
  service = { ...service, users: [await user('guest', 'something else')] };
  expect(await check(header('guest', 'porch: light'))).toBe('wrong');
});

test('what was verified for one service says nothing for another', async () => {
  expect(await check(header('guest', 'porch: light'))).toBe('right');
  const other = { ...service, users: [await user('guest', 'its own')] };
  const from = { authorization: header('guest', 'porch: light'), address: '192.0.2.1' };
  expect(await basic.check('e', other, from)).toBe('wrong');
});

test('each user has a password of its own, and one that is removed is out at once', async () => {
  service.users.push(await user('reader', 'its own'));
  expect(await check(header('reader', 'its own'))).toBe('right');
  expect(await check(header('guest', 'porch: light'))).toBe('right');
  expect(await check(header('reader', 'porch: light'))).toBe('wrong');
  expect(await check(header('guest', 'its own'))).toBe('wrong');
  service = { ...service, users: service.users.filter(({ name }) => name === 'guest') };
  expect(await check(header('reader', 'its own'))).toBe('wrong');
  expect(await check(header('guest', 'porch: light'))).toBe('right');
  expect(await basicOf([])).toBe('wrong');
});

test('guessing is slowed by address, those who know the password are not', async () => {
  expect(await check(header('guest', 'porch: light'))).toBe('right');
  for (let n = 0; n < 10; n += 1) expect(await check(header('guest', `${n}`))).toBe('wrong');
  await expect(check(header('guest', '11'))).rejects.toMatchObject({ code: 'too_many_requests' });
  expect(await check(header('guest', 'porch: light'))).toBe('right');
  expect(await check(header('guest', '11'), '192.0.2.2')).toBe('wrong');
});

test('guessing at many services costs no more work than at a few', async () => {
  const verify = vi.spyOn(passwords, 'verify').mockResolvedValue(false);
  const guess = (n: number, address: string) =>
    basic.check(`d${n}`, service, { authorization: header('guest', 'x'), address });
  for (let n = 0; n < 40; n += 1) expect(await guess(n, '192.0.2.1')).toBe('wrong');
  for (let n = 40; n < 60; n += 1)
    await expect(guess(n, '192.0.2.1')).rejects.toMatchObject({ code: 'too_many_requests' });
  expect(verify).toHaveBeenCalledTimes(40);
  expect(await guess(0, '192.0.2.2')).toBe('wrong');
  await clock.advance(5_000);
  expect(await guess(60, '192.0.2.1')).toBe('wrong');
});

test('any header is parsed or refused', () => {
  expect(parseBasic(header('', 'a:b'))).toEqual({ user: '', password: 'a:b' });
  expect(parseBasic('Basic !!!')).toBeUndefined();
  expect(parseBasic(`Basic ${'A'.repeat(2_000)}`)).toBeUndefined();
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 50 }),
      fc.string({ unit: 'grapheme', maxLength: 50 }),
      (user, password) => {
        const parsed = parseBasic(header(user.replaceAll(':', ''), password));
        expect(parsed).toEqual({ user: user.replaceAll(':', ''), password });
      },
    ),
    { numRuns: 2_000, interruptAfterTimeLimit: 2_000 },
  );
});
