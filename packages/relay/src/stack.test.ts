import { expect, it } from 'vitest';
import { Stack } from './stack.ts';

it('ends in reverse order, waiting for each, and once', async () => {
  const stack = new Stack();
  const log: string[] = [];
  stack.add(() => log.push('first'));
  stack.add(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    log.push('second');
  });
  stack.add(() => log.push('third'));
  await stack.close();
  await stack.close();
  expect(log).toEqual(['third', 'second', 'first']);
});

it('an end that fails does not keep the others from their end', async () => {
  const stack = new Stack();
  const log: string[] = [];
  stack.add(() => log.push('first'));
  stack.add(() => Promise.reject(new Error('second')));
  stack.add(() => {
    throw new Error('third');
  });
  await expect(stack.close()).rejects.toThrow('third');
  expect(log).toEqual(['first']);
});
