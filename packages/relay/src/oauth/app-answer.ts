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
  if (scopes.length === 0) return { scopes, devices: [], signIn, lasting };
  if (wish.devices?.length === 0) {
    throw new PorchlightError('bad_request', 'You have none of the devices that were asked for');
  }
  if (answer.devices === undefined) return { scopes, devices: wish.devices, signIn, lasting };
  const chosen = new Map<string, WishedDevice>();
  for (const { id, services } of answer.devices) {
    const wished = wish.devices?.find((one) => one.id === id);
    if (wish.devices !== undefined && wished === undefined) tooMuch();
    const device = await devices.byId(accountId, id);
    if (device === undefined) throw new PorchlightError('bad_request', 'There is no such device');
    const most = wished?.services ?? (services && device.services.map(({ name }) => name));
    if (services?.some((service) => most?.includes(service) === false) === true) tooMuch();
    chosen.set(id, { id, name: device.name, services: services ?? wished?.services });
  }
  return { scopes, devices: [...chosen.values()], signIn, lasting };
}

function tooMuch(): never {
  throw new PorchlightError('bad_request', 'That is more than was asked for');
}
