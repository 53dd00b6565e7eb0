import { expect, test } from 'vitest';
import { parseUserCode, returnWords } from './consent-words.ts';

test.each([
  ['bcdf-ghjk', 'BCDF-GHJK'],
  ['BCDFGHJK', 'BCDF-GHJK'],
  [' bcdf  ghjk ', 'BCDF-GHJK'],
  ['BCDF-GHJ', undefined],
  ['BCDF-GHJKL', undefined],
  ['', undefined],
])('the code %j is read as %s', (typed, code) => {
  expect(parseUserCode(typed)).toBe(code);
});

test('says where the browser goes', () => {
  expect(returnWords('https://app.example')).toContain('app.example');
  expect(returnWords('http://127.0.0.1:1234')).toContain('this computer');
  expect(returnWords('com.example.app')).toContain('com.example.app');
  expect(returnWords(undefined)).toBeUndefined();
});
