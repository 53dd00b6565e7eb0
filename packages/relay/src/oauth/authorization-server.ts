import type { IncomingMessage, ServerResponse } from 'node:http';
import { PorchlightError } from '@porchlight/protocol';
import type { Provider } from 'oidc-provider';
import type { Identities } from '../access/index.ts';
import type { Accounts, Sessions } from '../accounts/index.ts';
import type { Clock } from '../clock.ts';
import { addressKey, type Rate, TokenBuckets } from '../token-buckets.ts';
import type { AppGrants } from './app-grants.ts';
import type { Apps } from './apps.ts';
import type { SignedIn } from './console-session.ts';
import { paceDevicePolls } from './device-polls.ts';
import type { PageOf } from './error-page.ts';
import { askForTokens, isRelayProof, type TokenAnswer, type TokenRequest } from './in-process-tokens.ts';
import type { OAuthRecordStore } from './record-store.ts';
import { isOAuthPath, ROUTES, SIGN_IN_PATH } from './routes.ts';
import type { SigningKeys } from './signing-keys.ts';

/** Requests of one address that make something which waits for a person. */
const WAITING: Rate = { capacity: 60, refillMs: 2_000 };
/** Device codes of one address: people sign programs in seldom, and few addresses must not take all places. */
const CODES: Rate = { capacity: 30, refillMs: 15_000 };
/** All other requests of one address: programs of a whole household behind one router refresh tokens here. */
const OTHERS: Rate = { capacity: 300, refillMs: 100 };
/** Signing keys are looked at so often, to be changed when their time has come. */
const KEYS_MS = 24 * 3600_000;

/** What answers carry whatever they are; a page that posts itself to an app gets its script's hash added. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; script-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

export interface AuthorizationServerParts {
  readonly apps: Apps;
  readonly grants: AppGrants;
  readonly records: OAuthRecordStore;
  readonly keys: SigningKeys;
  readonly identities: Pick<Identities, 'identify'>;
  readonly sessions: Pick<Sessions, 'byId'>;
  readonly accounts: Pick<Accounts, 'byId'>;
  /** Origin of the console, which is the issuer (RFC 8414 §2); known once the ports are open. */
  readonly issuer: () => string;
  readonly page: PageOf;
  readonly sendFailure: (req: IncomingMessage, res: ServerResponse, error: PorchlightError) => void;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** The relay's authorization server, beside the API at the console's origin. */
export class AuthorizationServer {
  readonly #parts: AuthorizationServerParts;
  readonly #waiting: TokenBuckets;
  readonly #codes: TokenBuckets;
  readonly #others: TokenBuckets;
  #current: { readonly provider: Promise<Provider>; readonly until: number } | undefined;

  constructor(parts: AuthorizationServerParts) {
    this.#parts = parts;
    this.#waiting = new TokenBuckets(WAITING, parts.clock);
    this.#codes = new TokenBuckets(CODES, parts.clock);
    this.#others = new TokenBuckets(OTHERS, parts.clock);
  }

  /** True for paths that belong to {@link handle}; on the console's host only. */
  isPath(path: string): boolean {
    return isOAuthPath(path);
  }

  /** Answers one request. Never throws. */
  handle(req: IncomingMessage, res: ServerResponse, origin: { address: string; secure: boolean }): void {
    this.#handle(req, res, origin).catch((error: unknown) => {
      this.#parts.onError(error);
      this.#parts.sendFailure(req, res, new PorchlightError('internal', undefined, { cause: error }));
    });
  }

  /** Tokens for an app that an adapter has authenticated. Rejects when the relay itself fails. */
  async tokens(asked: Omit<TokenRequest, 'issuer'>): Promise<TokenAnswer> {
    const provider = await this.provider();
    const { code, redirect_uri: callback } = asked.parameters;
    // An app that named no callback before need not name it now (RFC 6749 §4.1.3): it was the registered one.
    const from =
      code !== undefined && callback === undefined ? await provider.AuthorizationCode.find(code) : undefined;
    const parameters =
      from?.redirectUri === undefined
        ? asked.parameters
        : { ...asked.parameters, redirect_uri: from.redirectUri };
    return askForTokens(provider, { ...asked, parameters, issuer: new URL(this.#parts.issuer()) });
  }

  /** The library's side of it, with keys of today. */
  provider(): Promise<Provider> {
    const now = this.#parts.clock.now();
    if (this.#current !== undefined && now < this.#current.until) return this.#current.provider;
    const provider = this.#create();
    const current = { provider, until: now + KEYS_MS };
    this.#current = current;
    provider.catch(() => {
      if (this.#current === current) this.#current = undefined;
    });
    return provider;
  }

  async #handle(
    req: IncomingMessage,
    res: ServerResponse,
    origin: { address: string; secure: boolean },
  ): Promise<void> {
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/';
    for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value);
    const wait = this.#limitOf(path).take(addressKey(origin.address));
    if (wait > 0) return tooMany(res, wait);
    if (path.startsWith(SIGN_IN_PATH)) return this.#signIn(req, res, path.slice(SIGN_IN_PATH.length));
    const issuer = new URL(this.#parts.issuer());
    const provider = await this.provider();
    // Whatever was sent of these, from here on they are the relay's.
    req.headers['x-forwarded-host'] = issuer.host;
    req.headers['x-forwarded-proto'] = issuer.protocol.slice(0, -1);
    req.headers['x-forwarded-for'] = origin.address;
    await provider.callback()(req, res);
  }

  #limitOf(path: string): TokenBuckets {
    if (path === ROUTES.device_authorization) return this.#codes;
    return path === ROUTES.authorization ? this.#waiting : this.#others;
  }

  /** A person has to sign in for an app: at the console, as always, and then goes on. */
  async #signIn(req: IncomingMessage, res: ServerResponse, uid: string): Promise<void> {
    const { Interaction } = await this.provider();
    const interaction = await Interaction.find(uid);
    if (req.method !== 'GET' || interaction === undefined || interaction.prompt.name !== 'login') {
      const message = 'The app asked too long ago: start again there';
      return this.#parts.sendFailure(req, res, new PorchlightError('expired', message));
    }
    const who = await this.#signedIn(req);
    const { reasons } = interaction.prompt;
    // Somebody who is signed in already has to do it again when the app wants that.
    const anew = reasons.includes('login_prompt') || reasons.includes('max_age');
    if (who === undefined || (anew && who.since < interaction.iat * 1000)) {
      return redirect(res, `/sign-in?next=${encodeURIComponent(req.url ?? '/')}`);
    }
    const { accountId } = who;
    interaction.result = { login: { accountId, ts: Math.floor(who.since / 1000) } };
    await interaction.save(interaction.exp - Math.floor(Date.now() / 1000));
    redirect(res, interaction.returnTo);
  }

  async #signedIn(req: IncomingMessage): Promise<SignedIn | undefined> {
    const { headers } = req;
    const secure = this.#parts.issuer().startsWith('https:');
    const identity = await this.#parts.identities.identify(
      headers.cookie === undefined ? {} : { cookie: headers.cookie },
      secure,
    );
    if (identity.kind !== 'session') return undefined;
    const session = await this.#parts.sessions.byId(identity.accountId, identity.sessionId);
    return session && { accountId: identity.accountId, since: session.createdAt };
  }

  async #create(): Promise<Provider> {
    const { apps, grants, records, keys, accounts, issuer, page, clock, onError } = this.#parts;
    const { createAdapters, createProvider, endedBy } = await import('./library.ts');
    const provider: Provider = createProvider({
      issuer: issuer(),
      keys: await keys.current(),
      adapter: createAdapters({ records, grants, apps, clock, endedBy }),
      signedIn: (req) => this.#signedIn(req),
      accountName: async (id) => (await accounts.byId(id))?.name,
      isSecret: async (appId, secret) => isRelayProof(secret) || apps.isSecret(appId, secret),
      answered: async (...ask) => (await grants.answered(...ask))?.id,
      page,
      onFailure: onError,
    });
    paceDevicePolls(provider, clock);
    return provider;
  }
}

function redirect(res: ServerResponse, location: string): void {
  res.writeHead(303, { Location: location, 'Content-Length': 0 });
  res.end();
}

function tooMany(res: ServerResponse, wait: number): void {
  const body = JSON.stringify({
    error: 'temporarily_unavailable',
    error_description: 'too many requests: wait as long as the Retry-After header says',
  });
  res.writeHead(429, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'Retry-After': String(Math.ceil(wait / 1000)),
  });
  res.end(body);
}
