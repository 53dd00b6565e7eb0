import { FakeClock } from '@porchlight/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LanDevice } from '../devices/index.ts';
import { Inputs, PLOT, plot } from './index.ts';
import { POINTS_MAX } from './input.ts';

function rig() {
  const clock = new FakeClock();
  const inputs = new Inputs(clock);
  const say = (
    topic: string,
    text: string,
    more: { address?: string; clientId?: string; id?: string } = {},
  ) =>
    inputs.note({
      who: { kind: 'device', device: { id: more.id ?? 'd1' } as LanDevice },
      ...{ address: more.address ?? '10.0.0.5', clientId: more.clientId ?? 'esp' },
      ...{ topic, payload: Buffer.from(text) },
    });
  return { clock, inputs, say };
}

it('the usual interval is learned, and silence is told after it', async () => {
  const { clock, inputs, say } = rig();
  for (let n = 0; n < 5; n += 1) {
    say('emon/kitchen/power', String(n));
    say('emon/kitchen/vcc', '3.3');
    await clock.advance(60_000);
  }
  const [power] = inputs.list();
  expect(power).toMatchObject({ topic: 'emon/kitchen/power', value: '4', interval: 60_000, silent: false });
  await clock.advance(119_000);
  expect(inputs.ofDevice('d1').silent).toBe(false);
  await clock.advance(2_000);
  expect(inputs.ofDevice('d1')).toMatchObject({ silent: true, lastAt: power?.at });
  say('emon/kitchen/power', '9');
  // One of its inputs is enough.
  expect(inputs.ofDevice('d1').silent).toBe(false);
});

it('a device that spoke a few times only is not called silent', async () => {
  const { clock, inputs, say } = rig();
  say('emon/kitchen/button', 'pressed');
  await clock.advance(24 * 3600_000);
  expect(inputs.ofDevice('d1').silent).toBe(false);
  expect(inputs.list()[0]?.history).toEqual([]);
});

it('keeps a bounded history, of which the old part gets coarser', async () => {
  const { clock, inputs, say } = rig();
  for (let n = 0; n < 1_000; n += 1) {
    say('emon/kitchen/power', String(n));
    await clock.advance(10_000);
  }
  const history = inputs.list()[0]?.history ?? [];
  expect(history.length).toBeLessThanOrEqual(POINTS_MAX);
  expect(history.at(-1)?.value).toBe(999);
  expect(history.map(({ at }) => at)).toEqual(history.map(({ at }) => at).toSorted((a, b) => a - b));
});

it('remembers a bounded number of topics, of each device and in all', () => {
  const { inputs, say } = rig();
  for (let n = 0; n < 300; n += 1) say(`emon/kitchen/${n}`, '1');
  expect(inputs.list()).toHaveLength(100);
  for (let d = 0; d < 30; d += 1)
    for (let n = 0; n < 60; n += 1) say(`emon/n${d}/${n}`, '1', { id: `d${d}` });
  expect(inputs.list()).toHaveLength(1_000);
});

it('one that moved is at one place, two with the same credentials are pointed out', async () => {
  const { clock, inputs, say } = rig();
  for (const address of ['10.0.0.5', '10.0.0.5', '10.0.0.9', '10.0.0.9']) {
    say('emon/kitchen/x', '1', { address });
    await clock.advance(10_000);
  }
  expect(inputs.ofDevice('d1').doubles).toEqual([]);
  say('emon/kitchen/x', '1', { address: '10.0.0.5' });
  expect(inputs.ofDevice('d1').doubles).toEqual(['10.0.0.5', '10.0.0.9']);
  await clock.advance(11 * 60_000);
  expect(inputs.ofDevice('d1').doubles).toEqual([]);
  for (const clientId of ['a', 'b', 'a']) say('emon/kitchen/x', '1', { clientId });
  expect(inputs.ofDevice('d1').doubles).toEqual(['a at 10.0.0.5', 'b at 10.0.0.5']);
});

it('a plot stays within its drawing, whatever the numbers are', () => {
  const number = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(fc.array(number, { minLength: 2, maxLength: 30 }), (values) => {
      const points = plot(values.map((value, n) => ({ at: n * 1000, value }))) ?? '';
      for (const pair of points.split(' ')) {
        const [x = -1, y = -1] = pair.split(',').map(Number);
        expect(x >= 0 && x <= PLOT.width && y >= 0 && y <= PLOT.height, pair).toBe(true);
      }
    }),
    { interruptAfterTimeLimit: 5_000 },
  );
  expect(plot([{ at: 1, value: 1 }])).toBeUndefined();
});
