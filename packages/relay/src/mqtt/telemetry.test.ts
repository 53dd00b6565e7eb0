import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTelemetry } from './telemetry.ts';

const read = (topic: string, payload: string) =>
  Object.fromEntries(
    parseTelemetry(['device/shed/', 'device/old/'], topic, Buffer.from(payload)) ?? [['none', '']],
  );

test.each([
  ['device/shed/telemetry/temperature', '21.5', { temperature: '21.5' }],
  ['device/old/telemetry/a/b', ' -3e2\n', { 'a/b': '-3e2' }],
  ['device/shed/telemetry/door', 'open', { door: 'open' }],
  [
    'device/shed/telemetry/bme',
    '{"t":21.5,"rh":40,"ok":true,"x":null,"l":[1]}',
    { 'bme/t': '21.5', 'bme/rh': '40', 'bme/ok': 'true' },
  ],
  ['device/shed/telemetry', '{"t":1,"in":{"a":2}}', { t: '1', 'in/a': '2' }],
  ['device/shed/telemetry', '7', {}],
  ['device/shed/telemetry/x', '{"t":', { x: '{"t":' }],
  ['device/shed/telemetry/x', '', {}],
  ['device/shed/telemetry/x', '9'.repeat(20_000), {}],
  ['device/shed/telemetryx/y', '1', { none: '' }],
  ['device/other/telemetry/y', '1', { none: '' }],
  ['device/shed/x', '1', { none: '' }],
])('%s %s', (topic, payload, values) => {
  expect(read(topic, payload)).toEqual(values);
});

test('any payload gives a bounded number of texts, and never an error', () => {
  const json = fc.oneof(fc.json(), fc.string(), fc.uint8Array({ maxLength: 300 }));
  fc.assert(
    fc.property(json, (payload) => {
      const values = parseTelemetry(['d/'], 'd/telemetry/x', Buffer.from(payload as string)) ?? new Map();
      expect(values.size).toBeLessThanOrEqual(64);
      for (const value of values.values()) expect(typeof value).toBe('string');
    }),
    { interruptAfterTimeLimit: 2_000 },
  );
});
