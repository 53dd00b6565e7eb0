import { stat } from 'node:fs/promises';
import { ConfigError, systemErrorCode } from './config-error.ts';
import type { AgentConfigFile } from './config-file.ts';
import type { AgentConfig } from './schema.ts';

/** How often the file is looked at: two looks that agree make a change count, so a half-written file never does. */
export const CONFIG_LOOK_MS = 2_000;

/** The part of the clock that is used here. */
export interface ConfigClock {
  every(ms: number, call: () => void): () => void;
}

export interface ConfigFollowerParts {
  readonly file: AgentConfigFile;
  readonly clock: ConfigClock;
  /** What of a new configuration cannot be taken over while the agent runs: one line with cause and mend. */
  readonly refuse: (next: AgentConfig, now: AgentConfig) => string | undefined;
  /** A change has been read; it is in force when this returns. */
  readonly onChange: (config: AgentConfig) => void;
  /** The file as it is now cannot be used, and why; told once for each state of the file. The last good one holds. */
  readonly onProblem: (error: ConfigError) => void;
}

/** Follows `agent.yaml`: changes by hand and by the CLI are taken over while the agent runs. */
export class ConfigFollower {
  readonly #parts: ConfigFollowerParts;
  readonly #stop: () => void;
  #config: AgentConfig;
  #error: ConfigError | undefined;
  #loaded: string;
  #lastLook: string;
  #looking = false;
  /** Looks and reloads go one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(parts: ConfigFollowerParts, config: AgentConfig, signature: string) {
    this.#parts = parts;
    this.#config = config;
    this.#loaded = signature;
    this.#lastLook = signature;
    this.#stop = parts.clock.every(CONFIG_LOOK_MS, () => {
      if (this.#looking) return; // a disk that does not answer must not pile up looks
      this.#looking = true;
      void this.#inTurn(() => this.#look());
    });
  }

  /** @throws ConfigError when the file is broken at the start */
  static async open(parts: ConfigFollowerParts): Promise<ConfigFollower> {
    const signature = await signatureOf(parts.file.path);
    return new ConfigFollower(parts, await parts.file.read(), signature);
  }

  /** The configuration in force. */
  get config(): AgentConfig {
    return this.#config;
  }

  /** Why the file on the disk is not in force; undefined when it is. */
  get error(): string | undefined {
    return this.#error?.message;
  }

  /** Takes the file as it is now. @throws ConfigError when it cannot be used; the last good one holds then */
  async reload(): Promise<AgentConfig> {
    await this.#inTurn(async () => this.#load(await signatureOf(this.#parts.file.path)));
    if (this.#error !== undefined) throw this.#error;
    return this.#config;
  }

  /** Stops following. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stop();
    await this.#last;
  }

  #inTurn(step: () => Promise<void>): Promise<unknown> {
    this.#last = this.#last.then(() => (this.#closed ? undefined : step()));
    return this.#last;
  }

  async #look(): Promise<void> {
    this.#looking = false;
    const seen = await signatureOf(this.#parts.file.path);
    const settled = seen === this.#lastLook;
    this.#lastLook = seen;
    if (settled && seen !== this.#loaded) await this.#load(seen);
  }

  async #load(signature: string): Promise<void> {
    const { file, refuse, onChange, onProblem } = this.#parts;
    this.#loaded = signature;
    this.#lastLook = signature;
    try {
      // Without a file the configuration would be empty, which nobody wrote.
      if (signature === 'ENOENT') throw new ConfigError(`${file.path} is gone: bring it back`);
      const config = await file.read();
      const why = refuse(config, this.#config);
      if (why !== undefined) throw new ConfigError(why);
      this.#error = undefined;
      this.#config = config;
      onChange(config);
    } catch (error) {
      // Whatever it is, it must not end the agent.
      this.#error =
        error instanceof ConfigError
          ? error
          : new ConfigError(`${file.path} cannot be used: ${String(error)}`, { cause: error });
      onProblem(this.#error);
    }
  }
}

/** Changes whenever the file is written, replaced, removed, or its permissions change. Never throws. */
async function signatureOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    return systemErrorCode(error) || 'unknown';
  }
}
