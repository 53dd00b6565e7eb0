import type { ConsentRequest } from '@porchlight/protocol/api';
import { expect, test } from 'vitest';
import { answerOf, firstChoice, missing, withBridge, withDevice, withScope } from './choice.ts';

const asked: ConsentRequest = {
  app: { id: 'a', name: 'Wall' },
  scopes: ['read', 'write', 'shell'],
  unknown: [],
  signIn: false,
  lasting: true,
  hue: false,
};

test('at first all that was asked for is chosen', () => {
  expect(answerOf(firstChoice(asked))).toEqual({ allow: true, scopes: ['read', 'write', 'shell'] });
  const some = { ...asked, devices: [{ id: 'd', name: 'shed', services: ['web'] }] };
  expect(answerOf(firstChoice(some))).toMatchObject({ devices: [{ id: 'd', services: ['web'] }] });
});

test('writing goes with reading', () => {
  const first = firstChoice(asked);
  expect(withScope(first, 'write', false).scopes).toEqual(['read', 'shell']);
  expect(withScope(first, 'read', false).scopes).toEqual(['shell']);
  expect(withScope({ ...first, scopes: [] }, 'write', true).scopes).toEqual(['read', 'write']);
});

test('an answer has something to allow, and somewhere', () => {
  const first = firstChoice(asked);
  expect(missing(first, asked)).toBeUndefined();
  expect(missing({ ...first, scopes: [] }, asked)).toMatch(/what it may do/);
  expect(missing({ ...first, scopes: [] }, { ...asked, signIn: true })).toBeUndefined();
  const narrowed = withDevice({ ...first, devices: new Map() }, 'd', []);
  expect(missing({ ...first, devices: new Map() }, asked)).toMatch(/one device/);
  expect(missing(narrowed, asked)).toMatch(/one service/);
  expect(missing(withDevice(narrowed, 'd', undefined), asked)).toBeUndefined();
  expect(answerOf(withDevice(withDevice(narrowed, 'd', ['web']), 'e', false))).toMatchObject({
    devices: [{ id: 'd', services: ['web'] }],
  });
});

test('of Hue bridges one is chosen', () => {
  const one = { ...asked, hue: true, devices: [{ id: 'd', name: 'home', services: ['hue'] }] };
  expect(answerOf(firstChoice(one))).toMatchObject({ devices: [{ id: 'd', services: ['hue'] }] });
  const two = { ...one, devices: [...one.devices, { id: 'e', name: 'shed', services: ['hue', 'attic'] }] };
  const first = firstChoice(two);
  expect(missing(first, two)).toMatch(/a bridge/);
  const chosen = { ...withBridge(withBridge(first, 'd', 'hue'), 'e', 'attic'), linkButton: true };
  expect(missing(chosen, two)).toBeUndefined();
  expect(answerOf(chosen)).toMatchObject({ devices: [{ id: 'e', services: ['attic'] }], linkButton: true });
});
