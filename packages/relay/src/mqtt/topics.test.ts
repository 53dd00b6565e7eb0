import {
  literalPart,
  matches,
  mayPublish,
  mayReceive,
  maySubscribe,
  TOPIC_BYTES_MAX,
  TOPIC_LEVELS_MAX,
} from '@porchlight/protocol/mqtt';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountPrefixes, devicePrefixes } from './topics.ts';

const ANN = accountPrefixes({ id: 'a'.repeat(24), name: 'ann' });
const ROBOT = devicePrefixes(['robot', 'old-robot', 'robot']);

describe('topics', () => {
  it('are owned by name and identifier, a device also by its former names', () => {
    expect(ANN).toEqual(['user/ann/', `user/${'a'.repeat(24)}/`]);
    expect(ROBOT).toEqual(['device/robot/', 'device/old-robot/']);
  });

  it('are owned by the name as it was written at sign-in, too, in capitals and all', () => {
    const account = { id: 'a'.repeat(24), name: 'ann' };
    expect(accountPrefixes(account, 'Ann')).toEqual(['user/ann/', 'user/Ann/', `user/${account.id}/`]);
    expect(accountPrefixes(account, 'bob')).toEqual(ANN);
    expect(accountPrefixes({ id: 'b'.repeat(24), name: account.id }, account.id.toUpperCase())).toHaveLength(
      1,
    );
  });

  it('of an account are not to be had by taking its identifier for a name', () => {
    const thief = accountPrefixes({ id: 'b'.repeat(24), name: 'a'.repeat(24) });
    expect(thief).toEqual([`user/${'b'.repeat(24)}/`]);
  });

  it.each(['user/ann/x', 'user/ann/emon/1', `user/${'a'.repeat(24)}/ä/ö`, 'user/ann/ /x'])(
    '%s is her own',
    (topic) => {
      expect(mayPublish(ANN, topic)).toBe(true);
      expect(maySubscribe(ANN, topic)).toBe(true);
      expect(mayReceive(ANN, topic)).toBe(true);
    },
  );

  it.each([
    ...[
      '',
      '/',
      'user',
      'user/',
      'user/ann',
      'user/ann/',
      'user//x',
      '/user/ann/x',
      'user/ann//x',
      'user/ann/x/',
    ],
    ...[
      'user/Ann/x',
      'user/anna/x',
      'user/an/x',
      'user/ann /x',
      'user/bob/x',
      'device/ann/x',
      'device/robot/x',
    ],
    ...[
      '$SYS/x',
      '$SYS/user/ann/x',
      '$share/g/user/ann/x',
      '$queue/user/ann/x',
      ' user/ann/x',
      'user\\ann\\x',
    ],
    ...[
      'user/ann\0/x',
      'user/ann/x\0',
      'user/ann/\u0007',
      'user/ann/\ufffd',
      'user/ann/\ud800',
      'user/ann/\uffff',
    ],
    ...['user/\u0061\u0301nn/x', 'user/аnn/x', 'user／ann／x', 'user/../user/bob/x'],
    `user/ann/${'x'.repeat(TOPIC_BYTES_MAX)}`,
    `user/ann/${'ä'.repeat(TOPIC_BYTES_MAX / 2)}`,
    `user/ann/${'x/'.repeat(TOPIC_LEVELS_MAX)}x`,
  ])('%j is not', (topic) => {
    expect(mayPublish(ANN, topic)).toBe(false);
    expect(maySubscribe(ANN, topic)).toBe(false);
  });

  it.each(['user/ann/#', 'user/ann/+', 'user/ann/+/x/+', 'user/ann/x/#', `user/${'a'.repeat(24)}/#`])(
    '%s may be subscribed to, and not published',
    (filter) => {
      expect(maySubscribe(ANN, filter)).toBe(true);
      expect(mayPublish(ANN, filter)).toBe(false);
    },
  );

  it.each([
    ...['#', '+', '+/#', '/#', 'user/#', 'user/+/x', 'user/+', '+/ann/x', 'user/ann#', 'user/ann+', '$SYS/#'],
    ...[
      '$share/g/#',
      '$share/user/ann/#',
      'user/ann/#/x',
      'user/ann/x#',
      'user/ann/+x',
      'user/ann/##',
      '+/+/#',
    ],
    ...[
      'device/robot/#',
      'device/+/telemetry/#',
      'user/ann/../bob/#/x',
      'user/an+/x',
      'user/ann',
      '#/user/ann/x',
    ],
  ])('%s may not be subscribed to', (filter) => {
    expect(maySubscribe(ANN, filter)).toBe(false);
  });

  it.each([
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['a/#', 'ab', false],
    ['a/+', 'a', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a/b/c', false],
    ['a/+/c', 'a/b/c', true],
    ['a/b', 'a/b', true],
    ['a/b/c', 'a/b', false],
  ])('%s and %s match: %s (MQTT 3.1.1 §4.7)', (filter, topic, is) => {
    expect(matches(filter, topic)).toBe(is);
  });
});

describe('any bytes that a client may send as a topic', () => {
  const level = fc.oneof(
    fc.constantFrom(
      'user',
      'device',
      'ann',
      'bob',
      'robot',
      '+',
      '#',
      '',
      '$SYS',
      '$share',
      '..',
      'x',
      'x+',
      '\0',
    ),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  const topic = fc.oneof(
    fc.array(level, { maxLength: 6 }).map((levels) => levels.join('/')),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
  const time = { interruptAfterTimeLimit: 2_000, numRuns: 20_000 };
  const BOB = accountPrefixes({ id: 'b'.repeat(24), name: 'bob' });

  it('never let one identity publish or receive what another owns', () => {
    fc.assert(
      fc.property(topic, (name) => {
        const owners = [ANN, BOB, ROBOT].filter((prefixes) => mayPublish(prefixes, name));
        expect(owners.length).toBeLessThanOrEqual(1);
        if (owners.length === 0) return;
        expect([ANN, BOB, ROBOT].filter((prefixes) => mayReceive(prefixes, name))).toEqual(owners);
      }),
      time,
    );
  });

  it('never make a filter that matches a topic of another', () => {
    fc.assert(
      fc.property(topic, topic, (filter, name) => {
        if (!maySubscribe(ANN, filter)) return;
        expect(matches(filter, name) && (mayPublish(BOB, name) || mayPublish(ROBOT, name))).toBe(false);
        expect(literalPart(filter)).toMatch(/^user\/(ann|a{24})\//);
        if (matches(filter, name)) expect(`${name}/`.startsWith(literalPart(filter).slice(0, -1))).toBe(true);
      }),
      time,
    );
  });
});
