import { completeScopes, PorchlightError, type Scope } from '@porchlight/protocol';
import type { DeviceStore } from '../devices/index.ts';
import type { AppWish, WishedDevice } from './app-wish.ts';
import type { NamedGrant } from './scope-words.ts';

/** What a person lets an app do of what it asked for. */
export interface AppAnswer {
  readonly scopes: readonly Scope[];
  /** Undefined: all that were asked for. */
  readonly devices:
    | readonly { readonly id: string; readonly services?: readonly string[] | undefined }[]
    | undefined;
  /** Of a Hue bridge: the app may have its link button pressed without asking. */
  readonly linkButton?: boolean | undefined;
}

/**
 * What is granted by an answer to a wish: never more than was wished for, and only devices of the person's own.
 * @throws PorchlightError `bad_request`
 */
export async function grantOf(
  devices: Pick<DeviceStore, 'byId'>,
  accountId: string,
  wish: AppWish,
  answer: AppAnswer,
): Promise<NamedGrant> {
  const scopes = completeScopes(answer.scopes);
  if (scopes.some((scope) => !wish.scopes.includes(scope))) tooMuch();
  if (scopes.length === 0 && !wish.signIn) {
    throw new PorchlightError('bad_request', 'Allow something, or deny the request');
  }
  const { signIn, lasting } = wish;
  if (wish.hue) return oneBridge(await narrowed(devices, accountId, wish, answer.devices), scopes, answer);
  if (scopes.length === 0) return { scopes, devices: [], signIn, lasting };
  return { scopes, devices: await narrowed(devices, accountId, wish, answer.devices), signIn, lasting };
}

/** Which of the devices that were wished for; undefined: all devices. */
async function narrowed(
  devices: Pick<DeviceStore, 'byId'>,
  accountId: string,
  wish: AppWish,
  answered: AppAnswer['devices'],
): Promise<AppWish['devices']> {
  if (wish.devices?.length === 0) {
    throw new PorchlightError('bad_request', 'You have none of the devices that were asked for');
  }
  if (answered === undefined) return wish.devices;
  const chosen = new Map<string, WishedDevice>();
  for (const { id, services } of answered) {
    const wished = wish.devices?.find((one) => one.id === id);
    if (wish.devices !== undefined && wished === undefined) tooMuch();
    const device = await devices.byId(accountId, id);
    if (device === undefined) throw new PorchlightError('bad_request', 'There is no such device');
    const most = wished?.services ?? (services && device.services.map(({ name }) => name));
    if (services?.some((service) => most?.includes(service) === false) === true) tooMuch();
    chosen.set(id, { id, name: device.name, services: services ?? wished?.services });
  }
  return [...chosen.values()];
}

/** An app of the Hue remote API knows one bridge, and cannot say which it means. */
function oneBridge(
  devices: AppWish['devices'],
  scopes: readonly Scope[],
  { linkButton }: AppAnswer,
): NamedGrant {
  const count = (devices ?? []).reduce((sum, { services = [] }) => sum + services.length, 0);
  if (count !== 1) throw new PorchlightError('bad_request', 'Choose one bridge: the app can use no more');
  return { scopes, devices, signIn: false, lasting: true, linkButton: linkButton === true };
}

function tooMuch(): never {
  throw new PorchlightError('bad_request', 'That is more than was asked for');
}
