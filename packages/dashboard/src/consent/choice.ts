import { completeScopes, type Scope } from '@porchlight/protocol';
import type { ConsentAnswer, ConsentRequest } from '@porchlight/protocol/api';

/** Services that a person lets an app use of one device; undefined: the whole device. */
export type ChosenServices = readonly string[] | undefined;

/** What a person has chosen so far of what an app asks for. */
export interface Chosen {
  readonly scopes: readonly Scope[];
  /** Undefined: all devices. */
  readonly devices: ReadonlyMap<string, ChosenServices> | undefined;
  /** Of a Hue bridge: the app may press its link button without asking. */
  readonly linkButton?: boolean;
}

/** At first, all that was asked for; of several Hue bridges none. */
export function firstChoice({ scopes, devices, hue }: ConsentRequest): Chosen {
  if (hue && bridgesOf(devices) !== 1) return { scopes, devices: new Map() };
  return { scopes, devices: devices && new Map(devices.map(({ id, services }) => [id, services])) };
}

/** Writing includes reading, so reading goes only after it. */
export function withScope(chosen: Chosen, scope: Scope, on: boolean): Chosen {
  const left = chosen.scopes.filter((one) => one !== scope && (scope !== 'read' || one !== 'write'));
  return { ...chosen, scopes: completeScopes(on ? [...left, scope] : left) };
}

export function withDevice(chosen: Chosen, id: string, services: ChosenServices | false): Chosen {
  const devices = new Map(chosen.devices);
  if (services === false) devices.delete(id);
  else devices.set(id, services);
  return { ...chosen, devices };
}

/** One bridge in the place of any other. */
export function withBridge(chosen: Chosen, id: string, service: string): Chosen {
  return { ...chosen, devices: new Map([[id, [service]]]) };
}

function bridgesOf(devices: ConsentRequest['devices'] = []): number {
  return devices.reduce((sum, { services = [] }) => sum + services.length, 0);
}

/** What keeps the answer from being given; undefined: nothing. */
export function missing({ scopes, devices }: Chosen, asked: ConsentRequest): string | undefined {
  if (scopes.length === 0) return asked.signIn ? undefined : 'Choose what it may do, or deny it.';
  if (devices === undefined) return undefined;
  if (devices.size === 0 && asked.hue) return 'Choose a bridge, or deny it.';
  if (devices.size === 0) return 'Choose at least one device, or deny it.';
  const empty = [...devices.values()].some((services) => services?.length === 0);
  return empty ? 'Choose at least one service of each device.' : undefined;
}

export function answerOf({ scopes, devices, linkButton }: Chosen): ConsentAnswer {
  const chosen =
    devices && [...devices].map(([id, services]) => ({ id, services: services && [...services] }));
  return {
    allow: true,
    scopes: [...scopes],
    ...(chosen && chosen.length > 0 ? { devices: chosen } : {}),
    ...(linkButton === undefined ? {} : { linkButton }),
  };
}
