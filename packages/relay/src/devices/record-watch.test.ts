import { FakeClock } from '@porchlight/testkit';
import { expect, it } from 'vitest';
import { createEventBus, type RelayEvent } from '../events.ts';
import { RECORD_LOOK_MS, RecordWatch } from './record-watch.ts';

it('finds devices that were removed or blocked by another program', async () => {
  const clock = new FakeClock();
  const events = createEventBus((error) => {
    throw error;
  });
  const heard: RelayEvent[] = [];
  const ended: string[] = [];
  const asked = Promise.withResolvers<readonly string[]>();
  const told = Promise.withResolvers<void>();
  events.subscribe((event) => {
    heard.push(event);
    told.resolve();
  });
  const errors: unknown[] = [];
  const watch = new RecordWatch({
    devices: {
      async standing(ids) {
        asked.resolve(ids);
        return new Map([
          ['a', 'in'],
          ['b', 'blocked'],
        ]);
      },
    },
    connected: {
      devices: () => ['a', 'b', 'c'].map((id) => ({ id, accountId: 'ann' })),
      end: (id, reason) => ended.push(`${id}: ${reason}`),
    },
    events,
    clock,
    onError: (error) => errors.push(error),
  });
  await clock.advance(RECORD_LOOK_MS);
  expect(await asked.promise).toEqual(['a', 'b', 'c']);
  await told.promise;
  expect(heard).toEqual([{ type: 'device-removed', accountId: 'ann', deviceId: 'c' }]);
  expect(ended).toEqual(['b: the device was blocked']);
  expect(errors).toEqual([]);
  watch.close();
});
