import type { Clock } from '../../clock.ts';
import { ConfigError, readPassword, type Secret } from '../../config/index.ts';
import type { Logger } from '../../log/index.ts';

/** Inputs of one reading come together, and go together. */
const GATHER_MS = 1_000;
const POST_MS = 10_000;
/** What waits while emoncms does not answer: the last value of each input. */
const NODES_MAX = 500;
const INPUTS_MAX = 100;
/** Longest name of an input: emoncms cuts at 64. */
const NAME_MAX = 64;

export interface EmoncmsPostParts {
  readonly settings: { readonly url: string; readonly apiKeyFile: string };
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Posts what devices publish to a local emoncms (`input/post` with `fulljson`, one request for each node), with its API
 * key in the `Authorization` header. While it does not answer, the last value of each input waits.
 */
export class EmoncmsPost {
  readonly #parts: EmoncmsPostParts;
  readonly #key: Secret;
  readonly #waiting = new Map<string, Map<string, number>>();
  readonly #stop = new AbortController();
  #cancel: (() => void) | undefined;
  #posting: Promise<void> | undefined;
  #trouble: string | undefined;

  private constructor(parts: EmoncmsPostParts, key: Secret) {
    this.#parts = parts;
    this.#key = key;
  }

  /** @throws ConfigError: the key cannot be read */
  static async open(parts: EmoncmsPostParts): Promise<EmoncmsPost> {
    return new EmoncmsPost(parts, await readPassword(parts.settings.apiKeyFile));
  }

  /** @param path below the base topic: node, and the levels of the input. What is no number is left out. */
  note(path: string, payload: Buffer): void {
    const [node = '', ...levels] = path.split('/');
    const text = payload.subarray(0, NAME_MAX).toString('utf8').trim();
    const value = Number(text);
    if (levels.length === 0 || text === '' || !Number.isFinite(value)) return;
    const inputs = this.#waiting.get(node) ?? new Map<string, number>();
    const name = levels.join('_').slice(0, NAME_MAX);
    if (!this.#waiting.has(node) && this.#waiting.size >= NODES_MAX) return;
    if (!inputs.has(name) && inputs.size >= INPUTS_MAX) return;
    inputs.set(name, value);
    this.#waiting.set(node, inputs);
    this.#soon();
  }

  /** Ends what is under way; what waits is lost. */
  async close(): Promise<void> {
    this.#cancel?.();
    this.#stop.abort();
    await this.#posting;
  }

  #soon(): void {
    if (this.#stop.signal.aborted || this.#cancel !== undefined || this.#posting !== undefined) return;
    this.#cancel = this.#parts.clock.after(GATHER_MS, () => {
      this.#cancel = undefined;
      this.#posting = this.#postAll().finally(() => {
        this.#posting = undefined;
        if (this.#waiting.size > 0) this.#soon();
      });
    });
  }

  async #postAll(): Promise<void> {
    for (const [node, inputs] of [...this.#waiting]) {
      this.#waiting.delete(node);
      try {
        await this.#post(node, inputs);
        if (this.#trouble !== undefined) this.#parts.logger.info({}, 'emoncms takes inputs again');
        this.#trouble = undefined;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const since = this.#waiting.get(node) ?? new Map<string, number>();
        this.#waiting.set(node, new Map([...inputs, ...since].slice(0, INPUTS_MAX)));
        this.#tell(error instanceof ConfigError ? error.message : 'emoncms does not answer');
        return;
      }
    }
  }

  async #post(node: string, inputs: ReadonlyMap<string, number>): Promise<void> {
    const { url } = this.#parts.settings;
    const answer = await fetch(`${url.replace(/\/+$/, '')}/input/post`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.#key.reveal()}` },
      body: new URLSearchParams({ node, fulljson: JSON.stringify(Object.fromEntries(inputs)) }),
      redirect: 'error',
      signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(POST_MS)]),
    });
    // emoncms says no in the body, too: {"success": false, "message": …}. A long one is of no use.
    const text = (await answer.text()).slice(0, 200);
    if (!answer.ok || /"success":\s*false/.test(text)) {
      throw new ConfigError(`emoncms refuses inputs (${answer.status} ${text.replace(/\s+/g, ' ')})`);
    }
  }

  #tell(reason: string): void {
    if (reason !== this.#trouble) this.#parts.logger.warn({ reason }, 'inputs not posted to emoncms');
    this.#trouble = reason;
  }
}
