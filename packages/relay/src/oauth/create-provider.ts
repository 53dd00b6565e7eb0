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
import { CONSENT_PAGE, ROUTES, SIGN_IN_PATH } from './routes.ts';

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

export interface ProviderParts {
  readonly issuer: string;
  readonly keys: readonly JWK[];
  readonly adapter: AdapterFactory;
  /** Who is signed in at the console, in the browser that sent this request. */
  readonly signedIn: (req: IncomingMessage) => Promise<SignedIn | undefined>;
  readonly accountName: (accountId: string) => Promise<string | undefined>;
  readonly isSecret: (appId: string, secret: string) => Promise<boolean>;
  /** The grant that the account gave the app last. */
  readonly latestGrant: (accountId: string, appId: string) => Promise<string | undefined>;
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
  // What is not the caller's fault is in the relay's log, not on the console.
  provider.silent = true;
  provider.on('server_error', (_ctx, error) => parts.onFailure(error));
  useConsoleSessions(provider, parts.signedIn);
  prefixTokens(provider.AccessToken.prototype, APP_TOKEN_PREFIX);
  prefixTokens(provider.RefreshToken.prototype, REFRESH_PREFIX);
  provider.Client.prototype.compareClientSecret = function (this: { clientId: string }, secret: string) {
    return parts.isSecret(this.clientId, secret);
  };
  return provider;
}

function configurationOf({ keys, adapter, accountName, latestGrant, page }: ProviderParts): Configuration {
  const policy = interactionPolicy.base();
  policy.get('consent')?.checks.add(
    new interactionPolicy.Check(
      'lasting_not_granted',
      'to come back without asking was not granted',
      (ctx) => {
        const { grant, params } = ctx.oidc;
        return (
          params?.['offline'] === 'yes' &&
          grant?.getOIDCScope().split(' ').includes('offline_access') !== true
        );
      },
    ),
  );
  policy.get('consent')?.checks.add(
    new interactionPolicy.Check('reach_not_granted', 'devices were asked for', (ctx) => {
      const asked = words(ctx.oidc.params?.['scope']).filter((word) => word.startsWith('device:'));
      const granted = new Set(ctx.oidc.grant?.getOIDCScope().split(' '));
      return asked.some((word) => !granted.has(word));
    }),
  );
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
      /** That `offline_access` was asked for, which the library forgets when the person need not be asked. */
      offline(ctx) {
        checkScope(ctx);
        const { params } = ctx.oidc;
        if (params !== undefined)
          params['offline'] = words(ctx.query['scope']).includes('offline_access') ? 'yes' : undefined;
      },
    },
    pkce: { required: (_ctx, client) => client.clientAuthMethod === 'none' },
    interactions: {
      policy,
      url: (_ctx, interaction) =>
        (interaction.prompt.name === 'login' ? SIGN_IN_PATH : CONSENT_PAGE) + interaction.uid,
    },
    /** An answer that the person gave before; what it does not cover is asked. */
    async loadExistingGrant(ctx) {
      const { result, session, client } = ctx.oidc;
      const answered = result?.consent?.grantId;
      const id =
        answered ??
        (session?.accountId === undefined || client === undefined
          ? undefined
          : await latestGrant(session.accountId, client.clientId));
      return id === undefined ? undefined : ctx.oidc.provider.Grant.find(id);
    },
    async findAccount(_ctx, accountId) {
      const name = await accountName(accountId);
      if (name === undefined) return undefined;
      return { accountId, claims: () => ({ sub: accountId, preferred_username: name }) };
    },
    expiresWithSession: () => false,
    issueRefreshToken: (ctx, client, source) =>
      client.grantTypeAllowed('refresh_token') &&
      (source.scopes.has('offline_access') ||
        ctx.oidc.grant?.getOIDCScope().split(' ').includes('offline_access') === true),
    rotateRefreshToken: true,
    /** Pages of other origins may redeem codes of their own app, if that keeps no secret. */
    clientBasedCORS: (_ctx, origin, client) =>
      client.clientAuthMethod === 'none' &&
      (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    renderError: createErrorRenderer(page),
    ttl: { ...LIFE_S },
  };
}

/** Tokens that secret scanners can find; the library's random part stays as it is. */
function prefixTokens(tokens: object, prefix: string): void {
  const model = tokens as { generateTokenId(): string };
  const { generateTokenId } = model;
  model.generateTokenId = function (this: object) {
    return prefix + generateTokenId.call(this);
  };
}

function checkScope(ctx: KoaContextWithOIDC): void {
  const asked = ctx.oidc.params?.['scope'];
  const fault = faultOfScope(typeof asked === 'string' ? asked : undefined);
  if (fault !== undefined)
    throw new errors.InvalidScope(fault, typeof asked === 'string' ? asked.slice(0, 200) : '');
}

function words(text: unknown): string[] {
  return typeof text === 'string' ? text.split(' ') : [];
}
