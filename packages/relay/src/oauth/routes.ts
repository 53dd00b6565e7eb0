/** Where the authorization server is, at the console's origin. */
export const ROUTES = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  device_authorization: '/oauth/device-authorization',
  /** Where people type in the code of a device: a page of the dashboard. */
  code_verification: '/oauth/device',
  revocation: '/oauth/revoke',
  introspection: '/oauth/introspect',
  jwks: '/oauth/jwks',
  userinfo: '/oauth/userinfo',
} as const;

/** Sends a person on once they are signed in; a request's identifier follows. */
export const SIGN_IN_PATH = '/oauth/sign-in/';
/** Page of the dashboard that asks a person; a request's identifier follows. */
export const CONSENT_PAGE = '/oauth/consent/';

const WELL_KNOWN = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
const PATHS: ReadonlySet<string> = new Set([
  ...WELL_KNOWN,
  ...Object.values(ROUTES).filter((path) => path !== ROUTES.code_verification),
]);

/** True for what the authorization server itself answers; the pages below `/oauth/` are the dashboard's. */
export function isOAuthPath(path: string): boolean {
  return PATHS.has(path) || path.startsWith(SIGN_IN_PATH) || path.startsWith(`${ROUTES.authorization}/`);
}
