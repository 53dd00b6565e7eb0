import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from './config/index.ts';
import { joinRelay, parseRelayUrl, tokenByPassword } from './join/index.ts';
import { linkBySsh } from './link-by-ssh.ts';
import type { Logger } from './log/index.ts';
import { linkViaMqtt, tryBroker, wishedBroker } from './mqtt-link/index.ts';
import type { Asked, JoinWish, LinkChange, MqttWish } from './settings-page/index.ts';

export interface LinkChangesParts {
  readonly dataFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** An agent of this process runs on the data folder. */
  readonly runs: () => boolean;
  /** What is kept has changed: the agent has to end, and to begin anew with it. */
  readonly restart: () => Promise<void>;
}

/** Changes of the link that were begun on the settings page, one at a time: the relay is asked before anything is kept. */
export class LinkChanges {
  readonly #parts: LinkChangesParts;
  #state: LinkChange = { state: 'idle' };
  #busy: Promise<void> | undefined;

  constructor(parts: LinkChangesParts) {
    this.#parts = parts;
  }

  get state(): LinkChange {
    return this.#state;
  }

  /** One is under way; resolves when it has ended. */
  get busy(): Promise<void> | undefined {
    return this.#busy;
  }

  /** @throws ConfigError when another change is under way */
  join(wish: JoinWish): void {
    const { url, name = '', account } = wish;
    const asked: Asked = { way: 'join', url, name, account: account?.name ?? '' };
    this.#begin(asked, () => this.#join(wish, asked));
  }

  /** @throws ConfigError when another change is under way */
  viaMqtt(wish: MqttWish): void {
    const { dataFolder, environment, signal } = this.#parts;
    this.#begin({ way: 'mqtt', url: wish.url, user: wish.user }, async () => {
      const broker = await wishedBroker(dataFolder, wish);
      await tryBroker(broker, { environment, signal });
      await linkViaMqtt(dataFolder, broker);
    });
  }

  /** @throws ConfigError when another change is under way */
  bySsh(): void {
    const { dataFolder, environment, signal } = this.#parts;
    this.#begin({ way: 'ssh' }, async () => {
      await linkBySsh(dataFolder, { environment, signal });
    });
  }

  #begin(asked: Asked, change: () => Promise<void>): void {
    if (this.#busy !== undefined) throw new ConfigError('a change is under way: wait for its end');
    this.#state = { state: 'verifying', asked };
    this.#busy = this.#carryOut(asked, change).finally(() => {
      this.#busy = undefined;
    });
  }

  async #carryOut(asked: Asked, change: () => Promise<void>): Promise<void> {
    const { logger, restart } = this.#parts;
    try {
      await change();
      await restart();
      this.#state = { state: 'done' };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#state = { state: 'failed', asked, reason };
      if (!(error instanceof ConfigError)) logger.error({ error }, 'link not changed');
    }
  }

  async #join(wish: JoinWish, asked: Asked): Promise<void> {
    const { dataFolder, environment, signal, runs } = this.#parts;
    const origin = parseRelayUrl(wish.url);
    const token =
      wish.account === undefined
        ? wish.token
        : await tokenByPassword(origin, wish.account, { ca: wish.ca, environment, signal });
    const folder = await mkdtemp(join(tmpdir(), 'porchlight-join-'));
    const caFile = wish.ca === undefined ? undefined : join(folder, 'ca.pem');
    try {
      if (caFile !== undefined) await writeFile(caFile, wish.ca ?? '', { mode: 0o600 });
      await joinRelay({
        ...{ dataFolder, environment, url: origin, token, caFile, name: wish.name, signal },
        ...{ account: undefined, fingerprint: undefined },
        // Its link stays up while somebody has to press Allow, and when the new relay refuses.
        besideAgent: runs(),
        onPending: ({ code, url }) => {
          this.#state = { state: 'pending', asked, code, url };
        },
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
