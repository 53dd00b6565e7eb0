import { FakeClock } from '@porchlight/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Link, LinkListener } from './link.ts';
import { LinkTable } from './link-table.ts';
import { LinkWatch } from './link-watch.ts';

interface FakeLink extends Link {
  bytesIn: number;
  unsent: number;
  ends: string[];
  pings: number;
}

function link(deviceId = 'd1', accountId = 'a1'): FakeLink {
  const ends: string[] = [];
  return {
    ...{ deviceId, accountId, deviceName: 'robot', transport: 'ssh', address: '192.0.2.1', upSince: 0 },
    ...{
      agent: '1.0',
      stock: false,
      services: [],
      paused: false,
      rtt: undefined,
      bytesIn: 0,
      bytesOut: 0,
      unsent: 0,
    },
    ...{ openChannels: 2, ends, pings: 0 },
    ping() {
      this.pings += 1;
    },
    openChannel: () => Promise.reject(new Error('not here')),
    drain: () => undefined,
    end: (reason) => void ends.push(reason),
  };
}

describe('the table of links', () => {
  let table: LinkTable;
  let log: string[];
  beforeEach(() => {
    table = new LinkTable();
    log = [];
    const listener: LinkListener = {
      up: (one) => void log.push(`up ${one.address}`),
      changed: (one) => void log.push(`changed ${one.address}`),
      down: (one, reason) => void log.push(`down ${one.address}: ${reason}`),
    };
    table.listen(listener);
  });

  it('a device that connects again: the old link is down before the new one is up, and nothing of it stays', () => {
    const old = link();
    const fresh = { ...link(), address: '192.0.2.2' };
    table.attach(old);
    table.attach(fresh);
    expect(log).toEqual(['up 192.0.2.1', 'down 192.0.2.1: the device connected again', 'up 192.0.2.2']);
    expect(old.ends).toEqual(['the device connected again']);
    expect([table.size, table.get('d1'), table.openChannels()]).toEqual([1, fresh, 2]);
    // The old connection's own close comes late, and its news are old.
    table.detach(old, 'closed');
    table.changed(old);
    expect(log).toHaveLength(3);
    expect(table.get('d1')).toBe(fresh);
  });

  it('ends the links of what is gone, once each and at once', () => {
    const mine = [link('d1'), link('d2')];
    const other = link('d3', 'a2');
    for (const one of [...mine, other]) table.attach(one);
    table.endWhere((one) => one.accountId === 'a1', 'the account was removed');
    expect(table.size).toBe(1);
    expect(mine.map(({ ends }) => ends)).toEqual([['the account was removed'], ['the account was removed']]);
    for (const one of mine) table.detach(one, 'closed');
    expect(log.filter((line) => line.startsWith('down'))).toHaveLength(2);
    expect(other.ends).toEqual([]);
  });

  it('names of objects are names like any other', () => {
    expect(table.get('constructor')).toBeUndefined();
    table.attach(link('__proto__'));
    expect(table.size).toBe(1);
  });
});

describe('the watch over links', () => {
  it('ends a link within 30 s of its last byte, and no other', async () => {
    const clock = new FakeClock();
    const watch = new LinkWatch({ clock });
    const [silent, talking] = [link('d1'), link('d2')];
    watch.up(silent);
    watch.up(talking);
    for (let second = 0; second < 26; second += 1) {
      talking.bytesIn += 1;
      await clock.advance(1_000);
    }
    expect(silent.ends).toEqual([]);
    for (let second = 26; second < 30; second += 1) {
      talking.bytesIn += 1;
      await clock.advance(1_000);
    }
    expect(silent.ends.length).toBeGreaterThan(0);
    expect(talking.ends).toEqual([]);
    // A silent one was asked before: a stock client gives a sign of life only then.
    expect(silent.pings).toBeGreaterThan(0);
    expect(talking.pings).toBe(0);
    watch.close();
    expect(clock.waiting).toBe(0);
  });

  it('a ping each 20 s is enough', async () => {
    const clock = new FakeClock();
    const watch = new LinkWatch({ clock });
    const one = link();
    watch.up(one);
    for (let ping = 0; ping < 20; ping += 1) {
      await clock.advance(20_000);
      one.bytesIn += 20;
    }
    expect(one.ends).toEqual([]);
    watch.close();
  });

  it('ends a link that talks and never reads', async () => {
    const clock = new FakeClock();
    const watch = new LinkWatch({ clock });
    const one = link();
    watch.up(one);
    one.bytesIn = 1;
    one.unsent = 64 * 1024 * 1024 + 1;
    await clock.advance(3_000);
    expect(one.ends).toEqual(['the device did not read what was sent to it']);
    watch.down(one);
    await clock.advance(60_000);
    expect(one.ends).toHaveLength(1);
    watch.close();
  });
});
