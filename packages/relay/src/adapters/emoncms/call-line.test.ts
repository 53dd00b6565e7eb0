import { FakeClock } from '@porchlight/testkit';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EmoncmsCall } from './call.ts';
import { CallLine } from './call-line.ts';

const call = (id: number): EmoncmsCall => ({
  ...{ controller: 'feed', action: 'value', subaction: '', changes: false },
  data: new Map([['id', String(id)]]),
});
const bytes = (text: string) => new TextEncoder().encode(text);
const never = new AbortController().signal;

describe('the calls to one client', () => {
  let clock: FakeClock;
  let line: CallLine;
  /** What it was sent. */
  let sent: { clientId: string; data: { id: string } }[];
  let dropped: { late: number; rubbish: number };
  let complaints: string[];

  beforeEach(() => {
    clock = new FakeClock();
    [sent, complaints, dropped] = [[], [], { late: 0, rubbish: 0 }];
    line = new CallLine({
      ...{ account: 'ann', clock },
      send: (topic, payload) => {
        expect(topic).toBe('user/ann/request');
        sent.push(JSON.parse(payload));
      },
      dropped: {
        late: { add: (count) => void (dropped.late += count) },
        rubbish: { add: (count) => void (dropped.rubbish += count) },
      },
      complain: (reason) => void complaints.push(reason),
    });
  });

  /** Asks, and says how it went. */
  const ask = (id: number, signal: AbortSignal = never): Promise<unknown> =>
    line.ask(call(id), signal).catch((error: { code: string }) => error.code);
  const answer = (at: number, result: string) =>
    line.answer(sent[at]?.clientId ?? '', bytes(`{"result":${result}}`));
  const asked = () => sent.map(({ data }) => Number(data.id));

  it('go out one at a time, in order, each with an id of its own', async () => {
    const all = [ask(1), ask(2), ask(3)];
    expect(asked()).toEqual([1]);
    expect(sent[0]?.clientId).toMatch(/^srv_ann_\d+$/);
    answer(0, '10');
    expect(asked()).toEqual([1, 2]);
    answer(1, '20');
    answer(2, '30');
    expect(await Promise.all(all)).toEqual([10, 20, 30]);
    expect(new Set(sent.map(({ clientId }) => clientId)).size).toBe(3);
  });

  it('one that is met with silence holds up the next for a second, not for its five', async () => {
    const all = [ask(1), ask(2), ask(3)];
    await clock.advance(999);
    expect(asked()).toEqual([1]);
    await clock.advance(1);
    expect(asked()).toEqual([1, 2]);
    answer(1, '20');
    // The first is still waited for, beside the third.
    expect(asked()).toEqual([1, 2, 3]);
    answer(2, '30');
    await clock.advance(4_000);
    expect(await Promise.all(all)).toEqual(['device_timeout', 20, 30]);
    // Nothing is left of it.
    const after = ask(4);
    answer(3, '40');
    expect(await after).toBe(40);
  });

  it('never more than two are with the client, and all have their five seconds', async () => {
    const all = [1, 2, 3, 4].map((id) => ask(id));
    await clock.advance(4_000);
    expect(asked()).toEqual([1, 2]);
    await clock.advance(1_000);
    expect(await Promise.all(all)).toEqual(all.map(() => 'device_timeout'));
    // What nobody waits for any more is not asked for.
    expect(asked()).toEqual([1, 2]);
  });

  it('an answer that comes late, twice, or for nobody is dropped and counted', async () => {
    const first = ask(1);
    line.answer('srv_ann_5', bytes('{"result":1}'));
    answer(0, '10');
    answer(0, '11');
    expect(await first).toBe(10);
    const second = ask(2);
    await clock.advance(5_000);
    answer(1, '20');
    expect(await second).toBe('device_timeout');
    expect(dropped).toEqual({ late: 3, rubbish: 0 });
  });

  it('rubbish ends its own call at once, and no other', async () => {
    const all = [ask(1), ask(2)];
    line.answer(sent[0]?.clientId ?? '', bytes('{{{'));
    answer(1, '20');
    expect(await Promise.all(all)).toEqual(['bad_answer', 20]);
    expect([dropped, complaints.length]).toEqual([{ late: 0, rubbish: 1 }, 1]);
  });

  it('whoever leaves while waiting is not asked for; the client is not hurried', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const all = [ask(1, first.signal), ask(2, second.signal), ask(3)];
    second.abort();
    first.abort();
    // The client is at work on the first.
    expect(asked()).toEqual([1]);
    answer(0, '10');
    expect(asked()).toEqual([1, 3]);
    answer(1, '30');
    expect(await Promise.all(all)).toEqual([10, 'device_timeout', 30]);
  });

  it('sixteen may wait, and the next is told so', async () => {
    const all = Array.from({ length: 17 }, (_, id) => ask(id));
    expect(await ask(17)).toBe('busy');
    line.close();
    expect(new Set(await Promise.all(all))).toEqual(new Set(['device_offline']));
    expect(sent.length).toBe(1);
  });

  it('whatever bytes come back, each call ends once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }), async (answers) => {
        const at = sent.length;
        const end = ask(at);
        for (const payload of answers) line.answer(sent[at]?.clientId ?? '', payload);
        await clock.advance(5_000);
        expect(['bad_answer', 'device_timeout']).toContain(await end);
      }),
      { interruptAfterTimeLimit: 1_000 },
    );
  });
});
