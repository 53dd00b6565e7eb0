import { PorchlightError } from '@porchlight/protocol';
import { ResourceError } from '../resource/index.ts';
import { type BridgeAddress, type LocalOptions, localApi } from './bridge.ts';

/** What a bridge says until its button is pressed. */
const NOT_PRESSED = 101;
/** Time to walk to the bridge. */
const PATIENCE_MS = 60_000;
/** Between two tries: the button counts as pressed for 30 s. */
const EVERY_MS = 1_000;

export interface CreateUserOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once when the button on the bridge has to be pressed: tell your person. */
  readonly onWaiting?: (() => void) | undefined;
  /** How long to wait for the button, in ms; 60 s. 0: one try. */
  readonly patienceMs?: number | undefined;
  /** Between two tries, in ms; 1 s. */
  readonly everyMs?: number | undefined;
}

/**
 * Registers a program at a bridge and gives its user name, which is a secret: keep it. Waits for the button.
 * @param deviceType `program#device`, 40 characters at most
 * @throws ResourceError of type 101 when nobody pressed the button in time
 */
export function createLocalUser(
  address: BridgeAddress,
  deviceType: string,
  options: CreateUserOptions & LocalOptions = {},
): Promise<string> {
  const api = localApi(address, options);
  return untilPressed((signal) => api({ devicetype: deviceType }, { method: 'POST', signal }), options);
}

/** Registers by `post`, again and again until the button was pressed. */
export async function untilPressed(
  post: (signal: AbortSignal | undefined) => Promise<unknown>,
  { signal, onWaiting, patienceMs = PATIENCE_MS, everyMs = EVERY_MS }: CreateUserOptions,
): Promise<string> {
  const until = performance.now() + patienceMs;
  for (let tries = 1; ; tries++) {
    try {
      return userNameOf(await post(signal));
    } catch (error) {
      if (!isNotPressed(error) || performance.now() + everyMs > until) throw error;
      if (tries === 1) onWaiting?.();
    }
    await pause(everyMs, signal);
  }
}

export function isNotPressed(error: unknown): boolean {
  return error instanceof ResourceError && error.type === NOT_PRESSED;
}

/** `[{"success":{"username":"…"}}]`. @throws PorchlightError `bad_answer` */
function userNameOf(answer: unknown): string {
  const [first] = Array.isArray(answer) ? (answer as unknown[]) : [];
  const name: unknown = at(at(first, 'success'), 'username');
  if (typeof name === 'string' && /^[A-Za-z0-9_-]{1,128}$/.test(name)) return name;
  throw new PorchlightError('bad_answer', 'The bridge did not give a user name');
}

function at(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
