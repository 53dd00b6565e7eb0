import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { AuthorizationServer } from '../../oauth/index.ts';
import { readForm } from '../../read-form.ts';
import type { ClientAuthentication } from './client-authentication.ts';
import { OAuthRefusal, sendJson } from './refusal.ts';

/** As the vendor's: some of its clients never refresh. */
const LIFE_S = 7 * 24 * 3600;
/** What each grant type goes with. */
const GRANTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['authorization_code', ['code', 'redirect_uri']],
  ['refresh_token', ['refresh_token']],
]);

/** `POST /v2/oauth2/token`. */
export class TokenEndpoint {
  readonly #clients: Pick<ClientAuthentication, 'appOf'>;
  readonly #server: Pick<AuthorizationServer, 'tokens'>;
  readonly #clock: Clock;

  constructor(parts: {
    clients: Pick<ClientAuthentication, 'appOf'>;
    server: Pick<AuthorizationServer, 'tokens'>;
    clock: Clock;
  }) {
    this.#clients = parts.clients;
    this.#server = parts.server;
    this.#clock = parts.clock;
  }

  /** @throws OAuthRefusal, PorchlightError for a body that is no form */
  async answer(request: IncomingMessage, response: ServerResponse, url: URL, address: string): Promise<void> {
    if (request.method !== 'POST') {
      throw new OAuthRefusal(405, 'invalid_request', 'tokens are asked for by POST', { Allow: 'POST' });
    }
    const appId = await this.#clients.appOf(request, url.pathname, address);
    const given = await this.#parametersOf(request, url);
    const grantType = given.get('grant_type') ?? '';
    const names = GRANTS.get(grantType);
    if (names === undefined) {
      throw new OAuthRefusal(
        400,
        'unsupported_grant_type',
        'grant_type is authorization_code or refresh_token',
      );
    }
    const parameters: Record<string, string> = { grant_type: grantType };
    for (const name of names) {
      const [value, another] = given.getAll(name);
      if (another !== undefined)
        throw new OAuthRefusal(400, 'invalid_request', `"${name}" stands there twice`);
      if (value !== undefined) parameters[name] = value;
    }
    const { status, body } = await this.#server.tokens({ appId, parameters, lifeS: LIFE_S, address });
    if (status !== 200) return sendJson(response, status, body);
    const { access_token, expires_in, refresh_token } = body;
    sendJson(response, 200, { access_token, expires_in, refresh_token, token_type: 'bearer' });
  }

  /** One source: the query where it has a grant type, the form otherwise. */
  async #parametersOf(request: IncomingMessage, url: URL): Promise<URLSearchParams> {
    if (!url.searchParams.has('grant_type')) return readForm(request, this.#clock);
    request.resume();
    return url.searchParams;
  }
}
