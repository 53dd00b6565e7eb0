import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import type { MessageStore } from './messages/message-store.ts';
import { Persistence } from './messages/persistence.ts';
import { OrderedAedes } from './ordered-aedes.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('clients that are alive are never taken for dead, whose wills are published', async () => {
  const store: MessageStore = {
    write: async () => undefined,
    sessions: async () => [],
    queued: async () => [],
    sentAs: async () => undefined,
    incoming: async () => [],
    retained: async () => [],
    countRetained: async () => ({ count: 0, bytes: 0 }),
    wills: async () => [],
    endSessions: async () => [],
  };
  const persistence = new Persistence({ store, clock: systemClock });
  const wills = vi.spyOn(persistence, 'streamWill');
  const aedes = new OrderedAedes({}, persistence);
  await aedes.listen();
  vi.advanceTimersByTime(3600_000);
  expect(wills).not.toHaveBeenCalled();
  await new Promise<void>((resolve) => aedes.close(() => resolve()));
});
