import type { Upstream } from '../../accounts/index.ts';
import type { Logger } from '../../telemetry/index.ts';

/** For the whole answer: somebody waits for their sign-in. */
const ANSWER_MS = 8_000;
/** Questions at the same time: a flood of sign-ins must not become one of ours. */
const RUNNING_MAX = 8;
/** Bytes of the answer, which has four short fields. */
const ANSWER_MAX = 16 * 1024;

/** Asks an emoncms elsewhere whether a name and password fit: `POST <url>/user/auth.json`. */
export class EmoncmsUpstream implements Pick<Upstream, 'fits'> {
  readonly #url: string;
  readonly #logger: Logger;
  #running = 0;

  constructor(parts: { readonly url: string; readonly logger: Logger }) {
    this.#url = parts.url;
    this.#logger = parts.logger;
  }

  /** False when it says no, and when it cannot be asked, which the log says. */
  async fits({ name, password }: { name: string; password: string }): Promise<boolean> {
    if (this.#running >= RUNNING_MAX) return false;
    this.#running += 1;
    try {
      const answer = await fetch(`${this.#url}/user/auth.json`, {
        method: 'POST',
        body: new URLSearchParams({ username: name, password }),
        // A password goes nowhere but where the admin said.
        redirect: 'error',
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const value: unknown = JSON.parse(await shortText(answer));
      return answer.status === 200 && isObject(value) && value['success'] === true;
    } catch (error) {
      this.#logger.warn({ error }, 'the upstream emoncms cannot be asked');
      return false;
    } finally {
      this.#running -= 1;
    }
  }
}

async function shortText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > ANSWER_MAX) throw new Error(`the answer is longer than ${ANSWER_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
