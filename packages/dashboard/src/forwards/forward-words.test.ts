import { describe, expect, it } from 'vitest';
import { bindLabel, lengthsFor, parseBlocks, targetOf } from './forward-words.ts';

describe('words about forwards', () => {
  it('name a service or a port', () => {
    expect([targetOf({ service: 'ssh' }), targetOf({ devicePort: 22 })]).toEqual(['ssh', 'port 22']);
  });

  it.each([
    [1440, ['10 minutes', '1 hour', '4 hours', '1 day']],
    [120, ['10 minutes', '1 hour', '2 hours']],
    [45, ['10 minutes', '45 minutes']],
    [5, ['5 minutes']],
    [20_160, ['10 minutes', '1 hour', '4 hours', '1 day', '1 week']],
  ])('offer no longer than %d minutes', (maxMinutes, labels) => {
    expect(lengthsFor({ maxMinutes }).map(({ label }) => label)).toEqual(labels);
  });

  it('read blocks as people type them', () => {
    expect(parseBlocks(' 203.0.113.0/24,198.51.100.7\n2001:db8::/32 ')).toEqual([
      ...['203.0.113.0/24', '198.51.100.7', '2001:db8::/32'],
    ]);
    expect(parseBlocks(' , ')).toEqual([]);
  });

  it('say what an address to listen on means', () => {
    expect(['*', '::1', '192.0.2.1'].map(bindLabel)).toEqual([
      ...['every address of the relay', '::1 (the relay only)', '192.0.2.1'],
    ]);
  });
});
