import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Person } from '../../access/index.ts';
import type { NewAuditEntry } from '../../audit/index.ts';
import { createEventBus, type EventBus } from '../../events.ts';
import { LinkButtons, type PressWish } from './link-buttons.ts';

const ann: Person = { kind: 'session', accountId: 'a', accountName: 'ann', role: 'member', sessionId: 's' };
const wish: PressWish = {
  ...{ accountId: 'a', tokenId: 't', app: 'Lamp remote', service: 'hue', address: '192.0.2.1' },
  device: { id: 'd', name: 'home' },
};
const never = new AbortController().signal;

let clock: FakeClock;
let events: EventBus;
let noted: string[];
let buttons: LinkButtons;
beforeEach(() => {
  clock = new FakeClock();
  noted = [];
  events = createEventBus((error) => {
    throw error;
  });
  const audit = { append: ({ action }: Pick<NewAuditEntry, 'action'>) => void noted.push(action) };
  buttons = new LinkButtons({ audit, events, clock });
});
afterEach(() => {
  buttons.close();
  expect(buttons.size).toBe(0);
});

const idOf = (): string => buttons.list('a')[0]?.id ?? '';

it('gives the owner’s answer to all programs that wait for it', async () => {
  const answers = [buttons.ask(wish, never), buttons.ask(wish, never)];
  expect(buttons.list('a')).toHaveLength(1);
  expect(buttons.list('b')).toEqual([]);
  buttons.answer(ann, idOf(), true, '');
  expect(await Promise.all(answers)).toEqual(['allowed', 'allowed']);
  expect(noted).toEqual(['link-button.asked', 'link-button.allowed']);
});

it('ends after a minute without an answer', async () => {
  const answer = buttons.ask(wish, never);
  await clock.advance(59_999);
  expect(buttons.size).toBe(1);
  await clock.advance(1);
  expect(await answer).toBe('expired');
});

it('does not ask again at once after a no', async () => {
  const answer = buttons.ask(wish, never);
  buttons.answer(ann, idOf(), false, '');
  expect(await answer).toBe('denied');
  expect(await buttons.ask(wish, never)).toBe('denied');
  await clock.advance(60_000);
  const again = buttons.ask(wish, never);
  buttons.answer(ann, idOf(), true, '');
  expect(await again).toBe('allowed');
});

it('is another’s to answer never, and nobody’s once the last program has left', async () => {
  const [one, two] = [new AbortController(), new AbortController()];
  const answers = [buttons.ask(wish, one.signal), buttons.ask(wish, two.signal)];
  const id = idOf();
  expect(() => buttons.answer({ ...ann, accountId: 'b' }, id, true, '')).toThrow(/Nobody waits/);
  one.abort();
  expect(buttons.size).toBe(1);
  two.abort();
  expect(await Promise.all(answers)).toEqual(['expired', 'expired']);
  expect(() => buttons.answer(ann, id, true, '')).toThrow(/Nobody waits/);
  expect(await buttons.ask(wish, AbortSignal.abort())).toBe('expired');
});

it('ends with the access, device or account that it stands on', async () => {
  const ends = [
    { type: 'access-token-revoked', accountId: 'a', tokenId: 't' },
    { type: 'device-removed', accountId: 'a', deviceId: 'd' },
    { type: 'account-removed', accountId: 'a' },
  ] as const;
  for (const event of ends) {
    const answer = buttons.ask(wish, never);
    events.publish(event);
    expect(await answer).toBe('denied');
  }
});

it('keeps few questions for one account', async () => {
  for (let n = 0; n < 10; n += 1) void buttons.ask({ ...wish, tokenId: `t${n}` }, never);
  await expect(buttons.ask({ ...wish, tokenId: 'one more' }, never)).rejects.toMatchObject({
    code: 'too_many_requests',
  });
});
