import { expect, test } from 'vitest';
import { parseUserName } from './user-name.ts';

test.each([
  ['router1', { name: 'router1' }],
  ['a+b', { name: 'a+b' }],
  ['ple_abc-DEF_', { token: 'ple_abc-DEF_' }],
  ['ple_abc+router1', { token: 'ple_abc', name: 'router1' }],
  ['ple_abc+', { token: 'ple_abc' }],
  ['ple_+', { token: 'ple_' }],
])('%s', (text, parsed) => expect(parseUserName(text)).toEqual(parsed));
