import { PorchlightError } from '@porchlight/protocol';
import { type App, type Apps, OAUTH_ROUTES } from '../../oauth/index.ts';

/** Longest state that is handed through, in characters. */
const STATE_MAX = 2_000;

/**
 * Where a person's browser goes on that came to `/v2/oauth2/authorize`: the relay's own authorization endpoint, which
 * asks for one bridge. What else these clients send (`deviceid`, `devicename`, `appid`) is of no use here.
 * @throws PorchlightError `bad_request`, for a page: an address that nobody registered is sent nothing
 */
export async function authorizeLocation(
  apps: Pick<Apps, 'find'>,
  query: URLSearchParams,
  console: string,
): Promise<string> {
  for (const name of ['client_id', 'response_type', 'state', 'redirect_uri']) {
    if (query.getAll(name).length > 1) throw refused(`"${name}" stands there twice`);
  }
  const app = await apps.find(query.get('client_id') ?? '');
  if (app === undefined) {
    throw refused('there is no app with this client_id here: it is registered in the console, under Apps');
  }
  if (!app.confidential) throw refused('the app has no secret: register it as one that keeps a secret');
  if (query.get('response_type') !== 'code') throw refused('response_type has to be "code"');
  const state = query.get('state');
  if (state !== null && state.length > STATE_MAX)
    throw refused(`state is longer than ${STATE_MAX} characters`);
  const url = new URL(OAUTH_ROUTES.authorization, console);
  url.search = new URLSearchParams({
    client_id: app.id,
    response_type: 'code',
    redirect_uri: callbackOf(app, query.get('redirect_uri')),
    scope: 'read write offline_access',
    // Which bridge is a person's choice, each time.
    prompt: 'consent',
    hue: 'yes',
    ...(state === null ? {} : { state }),
  }).toString();
  return url.href;
}

/** The one registered callback, or the one named among several; the authorization endpoint compares it. */
function callbackOf({ callbacks }: App, named: string | null): string {
  if (named !== null) return named;
  const [only, another] = callbacks;
  if (only === undefined) throw refused('no callback is registered for the app');
  if (another === undefined) return only;
  throw refused('several callbacks are registered for the app: it has to say which, as redirect_uri');
}

function refused(why: string): PorchlightError {
  return new PorchlightError('bad_request', `The app cannot be let in: ${why}`);
}
