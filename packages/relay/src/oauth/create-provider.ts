import type { IncomingMessage } from 'node:http';
import type { AdapterFactory } from 'oidc-provider';
import {
  type Configuration,
  errors,
  interactionPolicy,
  type JWK,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider';
import { APP_TOKEN_PREFIX } from './app-grants.ts';
import { faultOfScope } from './app-wish.ts';
import { STATIC_SCOPES } from './builtin-apps.ts';
import { type SignedIn, useConsoleSessions } from './console-session.ts';
import { createErrorRenderer, type PageOf } from './error-page.ts';
import { lifeOf } from './in-process-tokens.ts';
import { CONSENT_PAGE, ROUTES, SIGN_IN_PATH } from './routes.ts';
import { isReach, scopeOfAsk, wordsOf } from './scope-words.ts';

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;
/** How long each thing is good for, in seconds. */
export const LIFE_S = {
  AccessToken: HOUR_S,
  /** RFC 6749 §4.1.2 recommends ten minutes at most; it is redeemed at once. */
  AuthorizationCode: MINUTE_S,
  DeviceCode: 10 * MINUTE_S,
  IdToken: HOUR_S,
  /** A person may have to find a password. */
  Interaction: HOUR_S,
  /** Without being used: each use gives a new one. */
  RefreshToken: 90 * DAY_S,
  // Neither is ever written by the library.
  Grant: DAY_S,
  Session: DAY_S,
} as const;

const REFRESH_PREFIX = 'plr_';
/** Characters of all parameters of a request: they are kept while a person is asked, and some with each token. */
const PARAMETERS_MAX = 8 * 1024;

export interface ProviderParts {
  readonly issuer: string;
  readonly keys: readonly JWK[];
  readonly adapter: AdapterFactory;
  /** Who is signed in at the console, in the browser that sent this request. */
  readonly signedIn: (req: IncomingMessage) => Promise<SignedIn | undefined>;
  readonly accountName: (accountId: string) => Promise<string | undefined>;
  readonly isSecret: (appId: string, secret: string) => Promise<boolean>;
  /** The grant that the account gave the app last, if it answers this scope text too. */
  readonly answered: (accountId: string, appId: string, asked: string) => Promise<string | undefined>;
  /** An error as a page. */
  readonly page: PageOf;
  /** What went wrong in the relay itself. */
  readonly onFailure: (error: unknown) => void;
}

/** The protocol: RFC 6749 and its companions, by a certified library. Every option that it has an opinion on is set here. */
export function createProvider(parts: ProviderParts): Provider {
  const provider = new Provider(parts.issuer, configurationOf(parts));
  // Addresses are the issuer's, whatever a proxy or a Host header says: the relay sets these headers itself.
  provider.proxy = true;
  useIssuerInAddresses(provider);
  // What is not the caller's fault is in the relay's log, not on the console.
  provider.silent = true;
  provider.on('server_error', (_ctx, error) => parts.onFailure(error));
  useConsoleSessions(provider, parts.signedIn);
  provider.on('authorization.success', (ctx, out) => {
    if (ctx.oidc.params?.['hue'] !== 'yes') return;
    // What such apps are sent besides code and state, and all that they expect.
    Object.assign(out ?? {}, { pkce: '0', iss: undefined });
  });
  prefixTokens(provider.AccessToken.prototype, APP_TOKEN_PREFIX);
  prefixTokens(provider.RefreshToken.prototype, REFRESH_PREFIX);
  keepReach(provider.Grant.prototype);
  provider.Client.prototype.compareClientSecret = function (this: { clientId: string }, secret: string) {
    return parts.isSecret(this.clientId, secret);
  };
  return provider;
}

function configurationOf({ keys, adapter, accountName, answered, page }: ProviderParts): Configuration {
  return {
    adapter,
    jwks: { keys },
    routes: { ...ROUTES },
    scopes: [...STATIC_SCOPES],
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    clientDefaults: { id_token_signed_response_alg: 'RS256' },
    enabledJWA: { idTokenSigningAlgValues: ['RS256'] },
    // One relay made and reads all of them, by one clock.
    clockTolerance: 0,
    claims: { openid: ['sub', 'preferred_username'] },
    cookies: {
      names: { session: 'porchlight-unused', interaction: 'porchlight-consent', resume: 'porchlight-resume' },
      long: { httpOnly: true, sameSite: 'lax' },
      short: { httpOnly: true, sameSite: 'lax' },
    },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: {
        enabled: true,
        charset: 'base-20',
        mask: '****-****',
        deviceInfo: (ctx) => ({ ip: ctx.ip }),
      },
      dPoP: { enabled: false },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) =>
          client.clientAuthMethod !== 'none' && token.clientId === client.clientId,
      },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      revocation: {
        enabled: true,
        // RFC 7009 §2.1: a token of another app is none.
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: true },
    },
    extraParams: {
      /** It was asked by the Hue remote API: {@link hueWish} says for what. */
      hue: null,
      /** What was asked for, as it was sent: the library forgets words that it does not know itself. */
      asked(ctx) {
        const said = Object.values(ctx.oidc.params ?? {}).filter((value) => typeof value === 'string');
        if (said.reduce((sum, { length }) => sum + length, 0) > PARAMETERS_MAX) {
          throw new errors.InvalidRequest('the request is too long');
        }
        const text = askedScope(ctx);
        const fault = faultOfScope(text);
        if (fault !== undefined) throw new errors.InvalidScope(fault, text.slice(0, 200));
        if (ctx.oidc.params !== undefined) ctx.oidc.params['asked'] = text;
      },
    },
    pkce: { required: (_ctx, client) => client.clientAuthMethod === 'none' },
    interactions: {
      policy: interactionPolicy.base(),
      url: (_ctx, interaction) =>
        (interaction.prompt.name === 'login' ? SIGN_IN_PATH : CONSENT_PAGE) + interaction.uid,
    },
    /** What the person answers now, or what they answered before if that will do. */
    async loadExistingGrant(ctx) {
      const { result, session, client, params } = ctx.oidc;
      const asked = textOf(params?.['asked']);
      const id =
        result?.consent?.grantId ??
        (session?.accountId === undefined || client === undefined
          ? undefined
          : await answered(session.accountId, client.clientId, asked));
      const grant = id === undefined ? undefined : await ctx.oidc.provider.Grant.find(id);
      // From here on the request is for what was granted.
      if (grant !== undefined && params !== undefined)
        params['scope'] = scopeOfAsk(grant.getOIDCScope(), asked);
      return grant;
    },
    async findAccount(_ctx, accountId) {
      const name = await accountName(accountId);
      if (name === undefined) return undefined;
      return { accountId, claims: () => ({ sub: accountId, preferred_username: name }) };
    },
    expiresWithSession: () => false,
    issueRefreshToken: (_ctx, client, source) =>
      client.grantTypeAllowed('refresh_token') && source.scopes.has('offline_access'),
    rotateRefreshToken: true,
    /** Pages of other origins may redeem codes of their own app, if that keeps no secret. */
    clientBasedCORS: (_ctx, origin, client) =>
      client.clientAuthMethod === 'none' &&
      (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    renderError: createErrorRenderer(page),
    ttl: {
      ...LIFE_S,
      AccessToken: (ctx: KoaContextWithOIDC | undefined) => lifeOf(ctx?.req) ?? LIFE_S.AccessToken,
    },
  };
}

/** On whichever port and protocol a request came in, what is told and where people are sent is the issuer's own. */
function useIssuerInAddresses(provider: Provider): void {
  Object.assign(provider.OIDCContext.prototype, {
    urlFor: (name: string, options?: Record<string, unknown>) => provider.urlFor(name, options),
  });
}

/** Tokens that secret scanners can find; the library's random part stays as it is. */
function prefixTokens(tokens: object, prefix: string): void {
  const model = tokens as { generateTokenId(): string };
  const { generateTokenId } = model;
  model.generateTokenId = function (this: object) {
    return prefix + generateTokenId.call(this);
  };
}

/** A grant's `device:` words go with whatever part of it a token is for: what narrows is never filtered away. */
function keepReach(grants: object): void {
  const model = grants as {
    getOIDCScope(): string;
    getOIDCScopeFiltered(filter: Iterable<string>): string;
  };
  const { getOIDCScopeFiltered } = model;
  model.getOIDCScopeFiltered = function (this: typeof model, filter) {
    const text = getOIDCScopeFiltered.call(this, filter);
    if (text === '' || [...filter].some(isReach)) return text;
    return [text, ...wordsOf(this.getOIDCScope()).filter(isReach)].join(' ');
  };
}

/** The scope of an authorization request, in its query, or of a device authorization request, in its body. */
function askedScope(ctx: KoaContextWithOIDC): string {
  return textOf((ctx.method === 'GET' ? ctx.query : ctx.oidc.body)?.['scope']);
}

function textOf(param: unknown): string {
  return typeof param === 'string' ? param : '';
}
