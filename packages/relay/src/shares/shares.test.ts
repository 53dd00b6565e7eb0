import { FakeClock } from '@porchlight/testkit';
import { expect, it } from 'vitest';
import type { Person } from '../access/index.ts';
import { Passwords } from '../accounts/index.ts';
import { createEventBus } from '../events.ts';
import type { ShareRecord } from './share-store.ts';
import { Shares } from './shares.ts';

const ann: Person = { kind: 'session', accountId: 'a', accountName: 'ann', role: 'member', sessionId: 's' };

it('the password of a link that was found is not guessed from many addresses', async () => {
  const clock = new FakeClock();
  const records: ShareRecord[] = [];
  const passwords = new Passwords();
  Object.assign(passwords, {
    hash: async (password: string) => password,
    verify: async (hash: string, password: string) => hash === password,
  });
  const shares = new Shares({
    store: {
      insert: async (record) => void records.push(record),
      byTokenHash: async (hash) => records.find(({ tokenHash }) => tokenHash === hash),
      byId: async (id) => records.find((record) => record.id === id),
      use: async () => true,
      list: async () => records,
      remove: async () => false,
    },
    passwords,
    audit: { append: () => undefined },
    events: createEventBus(() => undefined),
    clock,
  });
  const at = { device: { id: 'd', name: 'robot' }, service: 'web' };
  const wish = { name: 'x', scope: 'read', password: 'right' } as const;
  const { code } = await shares.make({ person: ann, address: '' }, at, wish);
  const guess = async (n: number, password: string) => {
    const address = `198.51.${n >> 8}.${n & 255}`;
    return shares.open({ code, password, address }, { deviceId: 'd', service: 'web' }).then(
      () => 'open',
      ({ code }: { code: string }) => code,
    );
  };
  const tried = new Map<string, number>();
  for (let n = 0; n < 1_000; n += 1) {
    const answer = await guess(n, `wrong ${n}`);
    tried.set(answer, (tried.get(answer) ?? 0) + 1);
  }
  expect(tried.get('wrong_credentials')).toBeLessThanOrEqual(30);
  // It is over after a while, and who knows the password uses nothing up.
  await clock.advance(60_000);
  for (let n = 1_000; n < 1_050; n += 1) expect(await guess(n, 'right')).toBe('open');
});
