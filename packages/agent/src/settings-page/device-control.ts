import type { BaseStationSwitch } from '../base-station/index.ts';
import type { AgentStatus } from '../local/index.ts';

/** What somebody asked for on the page; without anything secret, so that it can be shown again. */
export type Asked =
  | { readonly way: 'join'; readonly url: string; readonly name: string; readonly account: string }
  | { readonly way: 'mqtt'; readonly url: string; readonly user: string }
  | { readonly way: 'ssh' };

/** How a change of the link goes that was begun on the page. */
export type LinkChange =
  | { readonly state: 'idle' }
  | { readonly state: 'verifying'; readonly asked: Asked }
  | { readonly state: 'pending'; readonly asked: Asked; readonly code: string; readonly url: string }
  | { readonly state: 'done' }
  | { readonly state: 'failed'; readonly asked: Asked; readonly reason: string };

/** What somebody at the device wants to join; either a token, or an account's name and password, or neither. */
export interface JoinWish {
  readonly url: string;
  readonly name: string | undefined;
  readonly token: string | undefined;
  readonly account: { readonly name: string; readonly password: string } | undefined;
  /** PEM of the relay's own authority. */
  readonly ca: string | undefined;
}

/** A broker to link by. */
export interface MqttWish {
  /** As somebody typed it. */
  readonly url: string;
  readonly user: string;
  /** Undefined: the one that is kept, for the same address and user. */
  readonly password: string | undefined;
  /** PEM of the relay's own authority; undefined: the one that is kept, for the same host. */
  readonly ca: string | undefined;
}

/**
 * What the page can do to the device; an implementer keeps the present link until the relay has said yes to the next one.
 * What changes the link begins and returns: `linkChange` tells how it goes. A second one meanwhile is refused.
 */
export interface DeviceControl {
  /** Undefined: the device knows no relay yet. */
  status(): AgentStatus | undefined;
  linkChange(): LinkChange;
  /** Undefined: no agent runs, and it was not switched on. */
  baseStation(): BaseStationSwitch | undefined;
  /** Joins a relay, and links to it by SSH. @throws ConfigError */
  join(wish: JoinWish): void;
  /** Links by MQTT alone. @throws ConfigError */
  linkViaMqtt(wish: MqttWish): void;
  /** Links by SSH again, to the relay that was joined. @throws ConfigError */
  linkBySsh(): void;
  setPaused(paused: boolean): Promise<void>;
  /** Takes over changed files at once; nothing to do while no agent runs. */
  reload(): Promise<void>;
}
