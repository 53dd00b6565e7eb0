import { SCOPES } from '@porchlight/protocol';

/** An app that is part of Porchlight: nobody registered it, and every relay knows it. */
export interface BuiltinApp {
  readonly id: string;
  readonly name: string;
  readonly callbacks: readonly string[];
}

/** `client_id` of the command line, and of examples for the client library. */
export const CLI_APP_ID = 'porchlight-cli';

/** Programs on people's own machines: they come back to a port of the loopback address (RFC 8252 §7.3), or use device codes. */
export const BUILTIN_APPS: ReadonlyMap<string, BuiltinApp> = new Map([
  [
    CLI_APP_ID,
    {
      id: CLI_APP_ID,
      name: 'Porchlight command line',
      callbacks: ['http://127.0.0.1/callback', 'http://[::1]/callback'],
    },
  ],
]);

/** Everything that an app may ask for by name; words with `device:` narrow it. */
export const STATIC_SCOPES = ['openid', 'offline_access', ...SCOPES] as const;
