import { FakeClock } from '@porchlight/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DeviceRecord } from '../devices/index.ts';
import { type MqttConnection, SIGNED_OFF } from './mqtt-connection.ts';
import { MqttVisits, VISIT_MS } from './visits.ts';

const MESSAGE = {
  topic: 'device/shed/telemetry/t',
  payload: Buffer.from('1'),
  qos: 0,
  retain: false,
} as const;

describe('a device that comes over MQTT', () => {
  let clock: FakeClock;
  let visits: MqttVisits;
  let did: string[];
  let caller: boolean;
  let device: Partial<DeviceRecord> | undefined;

  beforeEach(() => {
    clock = new FakeClock();
    [did, caller, device] = [[], false, { id: 'd1', accountId: 'a1' }];
    visits = new MqttVisits({
      links: {
        up: () => void did.push('link up'),
        down: (_, reason) => void did.push(`link down: ${reason}`),
        message: () => void did.push('message'),
      },
      calls: {
        isCaller: () => caller,
        contact: (_, { address, software }) => void did.push(`call from ${address} (${software})`),
        count: (_, bytes) => void did.push(`bytes ${bytes.in} ${bytes.out}`),
      },
      devices: { byId: async () => device as DeviceRecord | undefined },
      clock,
      onError: (error) => expect.fail(String(error)),
    });
  });

  function comes(kind: 'device' | 'app-password' = 'device'): MqttConnection {
    const connection = {
      identity: { kind, accountId: 'a1', deviceId: 'd1', prefixes: ['device/shed/'] },
      ...{ address: '192.0.2.1', bytesIn: 70, bytesOut: 8 },
    } as unknown as MqttConnection;
    visits.up(connection);
    return connection;
  }

  /** What has been done since this was last asked. */
  async function news(): Promise<string[]> {
    await new Promise((resolve) => setImmediate(resolve));
    return did.splice(0);
  }

  const CALL = 'call from 192.0.2.1 (MQTT client)';

  it('publishes and leaves: that was a call, and the next visits are calls alone', async () => {
    const first = comes();
    visits.message(first, MESSAGE);
    visits.down(first, SIGNED_OFF);
    expect(await news()).toEqual(['link up', 'message', CALL, `link down: ${SIGNED_OFF}`]);
    caller = true;
    const second = comes();
    visits.message(second, MESSAGE);
    visits.down(second, 'the connection was lost');
    expect((await news()).sort()).toEqual(['bytes 70 8', CALL, 'message'].sort());
    expect(clock.waiting).toBe(0);
  });

  it.each([
    ['it was lost', 'the connection was lost', true, 0],
    ['it published nothing', SIGNED_OFF, false, 0],
    ['it stayed for long', SIGNED_OFF, true, VISIT_MS],
  ])('is a link and no call, since %s', async (_why, reason, publishes, stays) => {
    const connection = comes();
    if (publishes) visits.message(connection, MESSAGE);
    await clock.advance(stays);
    visits.down(connection, reason);
    expect((await news()).filter((one) => one !== 'message')).toEqual(['link up', `link down: ${reason}`]);
  });

  it('sleeps without a word, but a person has set its interval: a call', async () => {
    device = { ...device, callIntervalSet: 600 };
    const connection = comes();
    visits.message(connection, MESSAGE);
    visits.down(connection, 'the connection was lost');
    expect(await news()).toContain(CALL);
  });

  it('has another connection: its short one is no call', async () => {
    comes();
    const short = comes();
    visits.message(short, MESSAGE);
    visits.down(short, SIGNED_OFF);
    expect(await news()).toEqual(['link up', 'link up', 'message', `link down: ${SIGNED_OFF}`]);
  });

  it('stays this time, or offers services: then it has a link', async () => {
    caller = true;
    const staying = comes();
    expect(await news()).toEqual([CALL]);
    await clock.advance(VISIT_MS);
    expect(await news()).toEqual(['link up']);
    visits.down(staying, SIGNED_OFF);
    expect(await news()).toEqual([`link down: ${SIGNED_OFF}`]);
    const serving = comes();
    await news();
    visits.message(serving, { ...MESSAGE, topic: 'device/shed/rpc/services' });
    expect(await news()).toEqual(['link up', 'message']);
    visits.down(serving, SIGNED_OFF);
    expect([await news(), clock.waiting]).toEqual([[`link down: ${SIGNED_OFF}`], 0]);
  });

  it('is gone or blocked meanwhile, or somebody acts for an account: nobody calls', async () => {
    const other = comes('app-password');
    visits.down(other, SIGNED_OFF);
    for (const is of [undefined, { ...device, blockedAt: 1 }]) {
      device = is;
      const connection = comes();
      visits.message(connection, MESSAGE);
      visits.down(connection, SIGNED_OFF);
    }
    expect(await news()).not.toContain(CALL);
  });
});
