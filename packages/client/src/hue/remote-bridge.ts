import { HueAccount, type HueAccountOptions } from './account.ts';
import type { Bridge } from './bridge.ts';

/** A bridge by the Hue remote API, for a program that has its token and user name: the same object as a local one. */
export function remoteBridge({
  user,
  ...account
}: HueAccountOptions & { readonly user: string; readonly token: unknown }): Bridge {
  return new HueAccount(account).bridge(user);
}
