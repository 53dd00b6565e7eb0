import { auditAction } from '@porchlight/protocol/api';
import { expect, test } from 'vitest';
import { ACTION_WORDS, actionWords, actorName, detailWords, targetName } from './words.ts';

test('every audited action has words', () => {
  expect(Object.keys(ACTION_WORDS).sort()).toEqual([...auditAction.options].sort());
});

test('details, actors and targets', () => {
  expect(detailWords({ detail: { from: 'login', to: 'public', count: 2 } })).toBe(
    'from: login · to: public · count: 2',
  );
  expect(detailWords({ detail: { from: '::1', by: 'link' }, address: '::1' })).toBe('by: link · from ::1');
  expect(actorName('device:pi')).toBe('pi');
  expect(actorName('ada')).toBe('ada');
  expect(targetName({ actor: 'device:pi', target: 'pi' })).toBe('');
  expect(targetName({ actor: 'ada', target: 'pi' })).toBe('pi');
  expect(targetName({ actor: 'relay' })).toBe('');
});

test('words with and without a target, and for what is not known yet', () => {
  expect(actionWords('link.up', true)).toBe('came online:');
  expect(actionWords('link.up', false)).toBe('came online');
  expect(actionWords('future.thing' as 'link.up', true)).toBe('future.thing');
});
