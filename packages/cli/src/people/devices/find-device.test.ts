import type { Device } from '@porchlight/protocol/api';
import { expect, it } from 'vitest';
import type { Session } from '../session/index.ts';
import { findDevice, parseTarget } from './find-device.ts';

/** A relay that lists these, whatever is searched for. */
function sessionWith(...devices: Partial<Device>[]): Session {
  async function* all() {
    for (const device of devices) yield { formerNames: [], ...device };
  }
  return { api: { devices: { all } } } as unknown as Session;
}

it('finds a device by its name in either case, or by a former one', async () => {
  const session = sessionWith({ name: 'attic' }, { name: 'robot', formerNames: ['robby'] });
  expect((await findDevice(session, 'Robot')).name).toBe('robot');
  expect((await findDevice(session, 'robby')).name).toBe('robot');
  await expect(findDevice(session, 'robt')).rejects.toThrow(
    'you have no device "robt" (did you mean robot?)',
  );
  await expect(findDevice(session, 'a/b')).rejects.toMatchObject({ exitCode: 2 });
});

it.each(['-oProxyCommand=x', 'x;id', '$(id)', 'a b', ''])(
  'a relay cannot slip in the name %j, which would reach a shell',
  async (name) => {
    await expect(findDevice(sessionWith({ name, formerNames: ['robot'] }), 'robot')).rejects.toThrow(
      'no device',
    );
  },
);

it('reads NAME and NAME/SERVICE', () => {
  expect(parseTarget('robot')).toEqual({ device: 'robot', service: undefined });
  expect(parseTarget('robot/web')).toEqual({ device: 'robot', service: 'web' });
  for (const text of ['robot/', 'robot/a/b', 'robot/A B'])
    expect(() => parseTarget(text)).toThrow('no service');
});
