import type { LanDevice } from '../devices/index.ts';
import type { Input } from '../inputs/index.ts';
import type { LanRequest } from '../requests/index.ts';

/** What the relay's people may see of a base station, and have it do. */
export interface Station {
  readonly requests: {
    list(): readonly LanRequest[];
    waiting(id: string): LanRequest | undefined;
  };
  readonly inputs: { list(): readonly Input[] };
  devices(): readonly LanDevice[];
  readonly settings: { readonly remoteAllow: boolean; readonly passOn: boolean; readonly baseTopic: string };
  /** @param wish.by who it was, for the device's own account of it. @throws ConfigError */
  allow(id: string, wish: { name?: string | undefined; by: string }): Promise<unknown>;
  /** @throws ConfigError */
  deny(id: string, by: string): Promise<unknown>;
}

/** Why nothing may be answered through the relay now. */
export interface Refusal {
  readonly refusal: 'off' | 'paused';
  readonly reason: string;
}
