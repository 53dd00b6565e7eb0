import type { AgentStatus } from '../local/index.ts';

/** How joining goes that was begun on the page. */
export type Joining =
  | { readonly state: 'idle' }
  | { readonly state: 'verifying' }
  | { readonly state: 'pending'; readonly code: string; readonly url: string }
  | { readonly state: 'joined'; readonly device: string; readonly domain: string }
  | { readonly state: 'failed'; readonly reason: string };

/** What somebody at the device wants to join; either a token, or an account's name and password, or neither. */
export interface JoinWish {
  readonly url: string;
  readonly name: string | undefined;
  readonly token: string | undefined;
  readonly account: { readonly name: string; readonly password: string } | undefined;
  /** PEM of the relay's own authority. */
  readonly ca: string | undefined;
}

/** What the page can do to the device; an implementer keeps the present link until a new relay has taken the device in. */
export interface DeviceControl {
  /** Undefined: the device has joined no relay yet. */
  status(): AgentStatus | undefined;
  joining(): Joining;
  /** Begins; `joining` tells how it goes. A second wish while one is under way is refused. @throws ConfigError */
  join(wish: JoinWish): void;
  setPaused(paused: boolean): Promise<void>;
  /** Takes over changed files at once; nothing to do while no agent runs. */
  reload(): Promise<void>;
}
