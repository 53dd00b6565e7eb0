import { PorchlightError } from '@porchlight/protocol';
import { type Fetch, type Resource, resource } from '../resource/index.ts';
import type { Bridge } from './bridge.ts';
import { type CreateUserOptions, isNotPressed, untilPressed } from './create-user.ts';
import { type HueToken, readToken } from './token.ts';

/** The vendor's cloud. */
const VENDOR = 'https://api.meethue.com';
/** A token is renewed so long before its end: what is sent with it may be under way for a while. */
const EARLY_S = 60;
const TOKEN_MAX_MS = 30_000;

export interface HueAccountOptions {
  /** Origin of the remote API: `https://hue.relay.example` for a relay; by default the vendor's cloud. */
  readonly at?: string | URL | undefined;
  /** Of the app, as registered there. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** What `onToken` was given last time. */
  readonly token?: HueToken | undefined;
  /** Keeps a new token; awaited before the token is used, for the one before may count no more. */
  readonly onToken?: ((token: HueToken) => void | Promise<void>) | undefined;
  readonly fetch?: Fetch | undefined;
}

/** What a person's browser is sent to, and what has to come back with it. */
export interface SignInPage {
  readonly url: string;
  readonly state: string;
}

/**
 * A person's bridge by the Hue remote API, at the vendor's cloud or at a relay. Tokens are renewed by themselves.
 */
export class HueAccount {
  readonly #at: string;
  readonly #clientId: string;
  readonly #clientSecret: string;
  readonly #onToken: HueAccountOptions['onToken'];
  readonly #fetch: Fetch;
  readonly #api: Resource;
  #token: HueToken | undefined;
  #renewing: Promise<HueToken> | undefined;

  /** @throws TypeError for an address that is none */
  constructor(options: HueAccountOptions) {
    this.#at = new URL(options.at ?? VENDOR).origin;
    this.#clientId = options.clientId;
    this.#clientSecret = options.clientSecret;
    this.#onToken = options.onToken;
    this.#token = options.token;
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#api = resource(this.#at, { fetch: (input, init) => this.#send(input, init) })['bridge'];
  }

  /** The page where a person agrees. Keep `state`, and give it to {@link signIn}. */
  signInPage(more: { deviceId?: string; deviceName?: string; appId?: string } = {}): SignInPage {
    const state = randomText();
    const url = new URL('/v2/oauth2/authorize', this.#at);
    url.search = new URLSearchParams({
      client_id: this.#clientId,
      response_type: 'code',
      state,
      ...(more.appId === undefined ? {} : { appid: more.appId }),
      ...(more.deviceId === undefined ? {} : { deviceid: more.deviceId }),
      ...(more.deviceName === undefined ? {} : { devicename: more.deviceName }),
    }).toString();
    return { url: url.href, state };
  }

  /**
   * Ends a sign-in with the address that the browser came to, which the person may have copied by hand.
   * @throws PorchlightError `forbidden` when the person said no, `bad_request` for an address of another sign-in,
   * `token_invalid` for a code that was used or is too old, `wrong_credentials` for the app's
   */
  async signIn(callback: string | URL, state: string, signal?: AbortSignal): Promise<HueToken> {
    const answer = parseCallback(callback);
    if (answer.get('state') !== state) {
      throw new PorchlightError('bad_request', 'This address belongs to another sign-in: begin again');
    }
    const error = answer.get('error');
    if (error !== null) {
      throw new PorchlightError('forbidden', (answer.get('error_description') ?? error).slice(0, 500));
    }
    const code = answer.get('code');
    if (code === null) throw new PorchlightError('bad_request', 'There is no code in this address');
    return this.#exchange({ grant_type: 'authorization_code', code }, signal);
  }

  /**
   * Registers the program at the bridge and gives its user name, which is a secret: keep it. The owner is asked, or
   * agreed beforehand; a bridge that does not take that waits for the button on itself.
   * @param deviceType `program#device`, 40 characters at most
   * @throws ResourceError of type 101 when nobody pressed the button in time; PorchlightError `forbidden`
   */
  async createUser(deviceType: string, options: CreateUserOptions = {}): Promise<string> {
    const { signal, onWaiting } = options;
    let told = false;
    const tell = (): void => {
      if (!told) onWaiting?.();
      told = true;
    };
    try {
      await this.#api[0].config({ linkbutton: true }, { signal });
    } catch (error) {
      if (!isNotPressed(error)) throw error;
      tell();
    }
    return untilPressed((signal) => this.#api({ devicetype: deviceType }, { method: 'POST', signal }), {
      ...options,
      onWaiting: tell,
    });
  }

  /** The bridge for one of its users. */
  bridge(user: string): Bridge {
    return this.#api[user];
  }

  /** Sends with a token that counts; once again with a new one when it was refused after all. */
  async #send(input: string, init: RequestInit): Promise<Response> {
    const signal = init.signal ?? undefined;
    const token = await this.#usable(signal);
    const response = await this.#sendWith(token, input, init);
    if (response.status !== 401 || token.refresh_token === undefined) return response;
    await response.body?.cancel();
    const next = this.#token === token ? await this.#renew(token, signal) : await this.#usable(signal);
    return this.#sendWith(next, input, init);
  }

  #sendWith({ access_token: token }: HueToken, input: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${token}`);
    // A token must not be sent on to wherever an answer points.
    return this.#fetch(input, { ...init, headers, redirect: 'error', credentials: 'omit' });
  }

  async #usable(signal: AbortSignal | undefined): Promise<HueToken> {
    const token = this.#token;
    if (token === undefined)
      throw new PorchlightError('not_signed_in', 'Nobody signed in with this program yet');
    const ends = token.expires_at ?? Number.POSITIVE_INFINITY;
    const old = ends - EARLY_S <= Date.now() / 1000;
    return old && token.refresh_token !== undefined ? this.#renew(token, signal) : token;
  }

  /** Renews once for all who wait; one of them leaving ends it for none of the others. */
  async #renew({ refresh_token }: HueToken, signal: AbortSignal | undefined): Promise<HueToken> {
    this.#renewing ??= this.#exchange({ grant_type: 'refresh_token', refresh_token }).finally(() => {
      this.#renewing = undefined;
    });
    return unlessAborted(this.#renewing, signal);
  }

  async #exchange(
    parameters: Readonly<Record<string, string | undefined>>,
    signal: AbortSignal = AbortSignal.timeout(TOKEN_MAX_MS),
  ): Promise<HueToken> {
    const given = Object.entries(parameters).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, value]],
    );
    const response = await this.#fetch(`${this.#at}/v2/oauth2/token`, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        authorization: `Basic ${btoa(`${this.#clientId}:${this.#clientSecret}`)}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams(given).toString(),
      redirect: 'error',
      credentials: 'omit',
      signal,
    });
    const token = await readToken(response, this.#token);
    this.#token = token;
    await this.#onToken?.(token);
    return token;
  }
}

function parseCallback(callback: string | URL): URLSearchParams {
  try {
    return new URL(String(callback).trim()).searchParams;
  } catch (cause) {
    throw new PorchlightError('bad_request', 'Give the whole address, from https:// on', { cause });
  }
}

function randomText(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return btoa(String.fromCharCode(...bytes)).replace(/[+/]/g, (sign) => (sign === '+' ? '-' : '_'));
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error);
    if (signal.aborted) return leave();
    signal.addEventListener('abort', leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
