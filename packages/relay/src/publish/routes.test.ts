import { describe, expect, it } from 'vitest';
import type { DeviceRecord } from '../devices/index.ts';
import { createEventBus } from '../events.ts';
import { RouteTable } from './routes.ts';

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function record(name: string, access: 'login' | 'public' = 'login', services = ['web']): DeviceRecord {
  return {
    ...{
      id: `id-${name}`,
      accountId: 'a1',
      name,
      formerNames: [],
      tags: [],
      fingerprint: 'f',
      publicKey: 'k',
    },
    ...{ createdAt: 0, lastUpAt: undefined, lastDownAt: undefined, lastDownReason: undefined },
    ...{ blockedAt: undefined, calledAt: undefined, callIntervalSet: undefined },
    callIntervalLearned: undefined,
    ...{ lastAddress: undefined, agent: undefined, bytesIn: 0, bytesOut: 0 },
    services: services.map((service) => ({
      ...{ name: service, kind: service === 'ssh' ? ('tcp' as const) : ('http' as const), access },
      ...{
        kindSet: false,
        passthrough: false,
        keepLastAnswers: false,
        hueRemote: false,
        paths: [],
        users: [],
        lastSuccessAt: undefined,
      },
      ...{ lastFailureAt: undefined, lastFailure: undefined },
    })),
  };
}

/** A table over devices that the test changes; `asked` counts queries. */
function setUp() {
  const byName = new Map<string, DeviceRecord>();
  const events = createEventBus((error) => {
    throw error;
  });
  let asked = 0;
  let hold: Promise<void> | undefined;
  const devices = {
    async byName(name: string) {
      asked += 1;
      const found = byName.get(name);
      await hold;
      return found;
    },
  };
  const routes = new RouteTable({ devices, events });
  const tell = async (type: 'device-changed' | 'device-removed', device: DeviceRecord): Promise<void> => {
    events.publish({ type, accountId: device.accountId, deviceId: device.id });
    await settled();
  };
  return {
    ...{ byName, events, routes, tell },
    get asked() {
      return asked;
    },
    /** Queries do not answer until the function given back is called. */
    holdAnswers(): () => void {
      const { promise, resolve } = Promise.withResolvers<void>();
      hold = promise;
      return () => {
        hold = undefined;
        resolve();
      };
    },
  };
}

describe('routes', () => {
  it('are looked up once, also those that lead nowhere', async () => {
    const rig = setUp();
    rig.byName.set('robot', record('robot'));
    expect(rig.routes.cached('robot', 'web')).toBeUndefined();
    const route = await rig.routes.resolve('robot', 'web');
    expect(route?.device.name).toBe('robot');
    expect(rig.routes.cached('robot', 'web')).toBe(route);
    for (let i = 0; i < 3; i += 1) {
      await rig.routes.resolve('robot', 'web');
      expect(await rig.routes.resolve('nobody', 'web')).toBeUndefined();
    }
    expect(rig.asked).toBe(2);
  });

  it('lead to http services only', async () => {
    const rig = setUp();
    rig.byName.set('robot', record('robot', 'public', ['web', 'ssh']));
    expect(await rig.routes.resolve('robot', 'ssh')).toBeUndefined();
    expect(await rig.routes.resolve('robot', 'constructor')).toBeUndefined();
  });

  it('a changed access mode holds at once, under the present and a former name', async () => {
    const rig = setUp();
    const open = record('robot', 'public');
    for (const name of ['robot', 'old-robot']) {
      rig.byName.set(name, open);
      expect((await rig.routes.resolve(name, 'web'))?.service.access).toBe('public');
    }
    const closed = record('robot', 'login');
    for (const name of ['robot', 'old-robot']) rig.byName.set(name, closed);
    await rig.tell('device-changed', closed);
    for (const name of ['robot', 'old-robot']) {
      expect(rig.routes.cached(name, 'web')).toBeUndefined();
      expect((await rig.routes.resolve(name, 'web'))?.service.access).toBe('login');
    }
  });

  it('a name that led nowhere leads somewhere once it is given', async () => {
    const rig = setUp();
    expect(await rig.routes.resolve('robot', 'web')).toBeUndefined();
    const device = record('robot');
    rig.byName.set('robot', device);
    await rig.tell('device-changed', device);
    expect(await rig.routes.resolve('robot', 'web')).toBeDefined();
  });

  it.each(['device-removed', 'account-removed'] as const)(
    '%s: nothing leads there any more',
    async (type) => {
      const rig = setUp();
      const device = record('robot');
      rig.byName.set('robot', device);
      await rig.routes.resolve('robot', 'web');
      rig.byName.delete('robot');
      if (type === 'device-removed') await rig.tell(type, device);
      else {
        rig.events.publish({ type, accountId: device.accountId });
        await settled();
      }
      expect(await rig.routes.resolve('robot', 'web')).toBeUndefined();
    },
  );

  it('a lookup that was under way during a change is not kept', async () => {
    const rig = setUp();
    rig.byName.set('robot', record('robot', 'public'));
    const letGo = rig.holdAnswers();
    const stale = rig.routes.resolve('robot', 'web');
    rig.byName.set('robot', record('robot', 'login'));
    await rig.tell('device-changed', record('robot'));
    letGo();
    expect((await stale)?.service.access).toBe('public');
    expect(rig.routes.cached('robot', 'web')).toBeUndefined();
    expect((await rig.routes.resolve('robot', 'web'))?.service.access).toBe('login');
  });

  it('rubbish names do not push out real ones', async () => {
    const rig = setUp();
    rig.byName.set('robot', record('robot'));
    const route = await rig.routes.resolve('robot', 'web');
    for (let i = 0; i < 20_001; i += 1) await rig.routes.resolve(`rubbish-${i}`, 'web');
    expect(rig.routes.cached('robot', 'web')).toBe(route);
  });
});
