import { isDeepStrictEqual } from 'node:util';
import abstractPersistence from 'aedes-persistence/abstract.js';
import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { Persistence } from '../mqtt/index.ts';
import type { Open } from './contract-fixtures.ts';

/**
 * What the library's own suite asks that is not so here, on purpose:
 * - one identifier for two messages on their way to one client, which MQTT forbids (3.1.1 §2.3.1): the second gets
 *   another one;
 * - the content of an incoming QoS 2 message, which nobody reads: its identifier alone is kept;
 * - text as a payload, which is kept as the bytes that it is sent as;
 * - a retained message's fields beside those that MQTT has;
 * - DUP, which a message that was sent before carries here ([MQTT-3.3.1-1]).
 */
const OTHERWISE = new Set([
  'update to publish w/ same messageId',
  'add incoming packet, get it, and clear with messageId',
  'add outgoing packet as a string and stream',
]);

/** The suite of `aedes-persistence`, written for node:test. */
export function mqttPersistenceContract(open: Open): void {
  const left = new Set(OTHERWISE);
  abstractPersistence({
    test(name: string, run: (t: object) => Promise<void>) {
      if (left.delete(name)) return;
      test(name, async () => {
        let planned: number | undefined;
        let made = 0;
        const check = (holds: boolean, what: unknown[]) => {
          made += 1;
          if (!holds) expect(what[0], JSON.stringify(what[2])).toEqual(what[1]);
        };
        await run({
          plan: (count: number) => void (planned = count),
          diagnostic: () => undefined,
          assert: {
            ok: (value: unknown, why: unknown) => check(Boolean(value), [value, true, why]),
            equal: (a: unknown, b: unknown, why: unknown) => check(Object.is(a, b), [a, b, why]),
            notEqual: (a: unknown, b: unknown, why: unknown) => check(!Object.is(a, b), [a, 'another', why]),
            deepEqual: (a: unknown, b: unknown, why: unknown) =>
              check(isDeepStrictEqual(comparable(a), comparable(b)), [comparable(a), comparable(b), why]),
          },
        });
        if (planned !== undefined) expect(made).toBe(planned);
      });
    },
    persistence: async () => new Persistence({ store: (await open()).mqttMessages, clock: systemClock }),
    testAsync: true,
  });
  test('what is otherwise on purpose is in the suite by that name', () => expect([...left]).toEqual([]));
}

/** What MQTT knows of it; lists of subscriptions without an order. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(comparable).toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  }
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value !== 'object' || value === null) return value;
  const { id: _, length: __, dup: ___, ...known } = value as Record<string, unknown>;
  const entries = Object.entries(known)
    .filter(([, one]) => one !== undefined)
    .filter(
      ([name]) => known['retain'] !== true || !['clientId', 'brokerId', 'brokerCounter'].includes(name),
    );
  return Object.fromEntries(
    entries.map(([name, one]) => [name, comparable(one)] as const).toSorted(([a], [b]) => a.localeCompare(b)),
  );
}
