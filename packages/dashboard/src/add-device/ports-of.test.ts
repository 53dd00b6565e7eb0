import { expect, test } from 'vitest';
import { portsOf } from './ports-of.ts';

test.each([
  ['22,80', [22, 80]],
  [' 8888 ', [8888]],
  ['', undefined],
  ['22,', undefined],
  ['0', undefined],
  ['65536', undefined],
  ["22'; id", undefined],
  ['1e3', undefined],
  ['1,'.repeat(20).concat('1'), undefined],
])('%j', (text, ports) => expect(portsOf(text)).toEqual(ports));
