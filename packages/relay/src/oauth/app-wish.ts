import {
  GRANT_DEVICES_MAX,
  type NamedReach,
  parseScopeText,
  SCOPE_TEXT_MAX,
  type Scope,
} from '@porchlight/protocol';
import type { DeviceStore, HueBridge } from '../devices/index.ts';

/** What an app asks for, in terms of one person's devices. */
export interface AppWish {
  readonly scopes: readonly Scope[];
  /** Undefined: all devices. Without `services` a device is meant whole. */
  readonly devices: readonly WishedDevice[] | undefined;
  /** Devices and services that it named and the person does not have. */
  readonly unknown: readonly string[];
  readonly signIn: boolean;
  readonly lasting: boolean;
  /** By the Hue remote API: it is about one bridge. */
  readonly hue: boolean;
}

export interface WishedDevice {
  readonly id: string;
  readonly name: string;
  readonly services: readonly string[] | undefined;
}

/** What is wrong with a scope text that an app sent (RFC 6749 §3.3); undefined: nothing. Words of others are passed over. */
export function faultOfScope(text: string | undefined): string | undefined {
  if (text === undefined || text.trim() === '') return 'no scope was asked for';
  if (text.length > SCOPE_TEXT_MAX) return `the scope has more than ${SCOPE_TEXT_MAX} characters`;
  const { scopes, devices, others } = parseScopeText(text);
  if (others.some((word) => word.startsWith('device:'))) return 'a device: word names no device or service';
  if (devices.length > GRANT_DEVICES_MAX) return `the scope names more than ${GRANT_DEVICES_MAX} devices`;
  if (scopes.length === 0 && !others.includes('openid')) return 'the scope has no word that is known here';
  return undefined;
}

/** Names in a scope text as the person's own devices; names of others' devices are as unknown as those of none. */
export async function resolveWish(
  devices: Pick<DeviceStore, 'byName'>,
  accountId: string,
  text: string,
): Promise<AppWish> {
  const asked = parseScopeText(text);
  const found = new Map<string, WishedDevice>();
  const unknown: string[] = [];
  for (const reach of asked.devices) {
    const device = await devices.byName(reach.device);
    const own = device?.accountId === accountId ? device : undefined;
    const known =
      own !== undefined &&
      (reach.service === undefined || own.services.some(({ name }) => name === reach.service));
    if (!known) unknown.push(words(reach));
    else
      found.set(own.id, joined(found.get(own.id), { id: own.id, name: own.name, services: reach.service }));
  }
  return {
    scopes: asked.scopes,
    devices: asked.devices.length === 0 ? undefined : [...found.values()],
    unknown: [...new Set(unknown)],
    signIn: asked.others.includes('openid'),
    lasting: asked.others.includes('offline_access'),
    hue: false,
  };
}

/** What an app of the Hue remote API asks for: to use one of the person's bridges, whichever they choose. */
export function hueWish(bridges: readonly HueBridge[]): AppWish {
  const found = new Map<string, WishedDevice>();
  for (const { deviceId: id, deviceName: name, service } of bridges) {
    found.set(id, joined(found.get(id), { id, name, services: service }));
  }
  return {
    scopes: ['read', 'write'],
    devices: [...found.values()],
    unknown: bridges.length === 0 ? ['a Hue bridge that apps may use out of home'] : [],
    signIn: false,
    lasting: true,
    hue: true,
  };
}

/** One more word about a device; once it is meant whole, it stays so. */
function joined(
  before: WishedDevice | undefined,
  { id, name, services: service }: { id: string; name: string; services: string | undefined },
): WishedDevice {
  const whole = service === undefined || (before !== undefined && before.services === undefined);
  return { id, name, services: whole ? undefined : [...new Set([...(before?.services ?? []), service])] };
}

function words({ device, service }: NamedReach): string {
  return service === undefined ? device : `${device}/${service}`;
}
