import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PorchlightError, RESERVED_PATH } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';
import { readForm } from '../read-form.ts';
import type { Shares } from '../shares/index.ts';
import { isForeign } from './cross-origin.ts';
import { asPorchlightError, sendFailure, wantsPage } from './failure.ts';
import { escapeHtml, lantern, plainPage } from './plain-page.ts';
import type { Arrival } from './publisher.ts';
import type { RouteTable } from './routes.ts';
import { type SignOn, VISIT_LIFE_MS } from './sign-on.ts';
import { SHARE_COOKIE } from './visitors.ts';

/** Where a share link leads, on the host of its service. */
export const SHARE_PATH = `${RESERVED_PATH}share`;
/** A code of 47 characters and a password. */
const FORM_MAX_BYTES = 2_048;

/**
 * Puts the code of the link into the form, and away from the address. It is behind a `#`, so that it stands in no log
 * and goes to nobody; and looking at a link, as programs that preview links do, uses nothing up.
 */
const SCRIPT = `const code = location.hash.slice(1);
if (code) {
  document.querySelector('input[name=code]').value = code;
  document.querySelector('label').hidden = true;
  history.replaceState(null, '', location.pathname);
}`;
const SCRIPT_HASH = createHash('sha256').update(SCRIPT).digest('base64');

const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${SCRIPT_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

/** What a stranger with a share link sees before the device's own page. */
export class SharePages {
  readonly #parts: {
    readonly shares: Pick<Shares, 'open'>;
    readonly signOn: Pick<SignOn, 'shareCookie'>;
    readonly routes: Pick<RouteTable, 'resolve'>;
    readonly clock: Clock;
  };

  constructor(parts: {
    shares: Pick<Shares, 'open'>;
    signOn: Pick<SignOn, 'shareCookie'>;
    routes: Pick<RouteTable, 'resolve'>;
    clock: Clock;
  }) {
    this.#parts = parts;
  }

  handle(req: IncomingMessage, res: ServerResponse, arrival: Arrival): void {
    if (req.method === 'GET' || req.method === 'HEAD') return sendForm(req, res, { status: 200 });
    if (req.method !== 'POST') return sendFailure(req, res, new PorchlightError('not_found'));
    const form = { code: '' };
    this.#open(req, res, arrival, form).catch((error: unknown) => {
      const known = asPorchlightError(error);
      if (!acceptsPage(req)) return sendFailure(req, res, known);
      sendForm(req, res, { status: known.status, error: known, code: form.code });
    });
  }

  /** `given`: gets the code that was sent, so that the form has it again. */
  async #open(
    req: IncomingMessage,
    res: ServerResponse,
    arrival: Arrival,
    given: { code: string },
  ): Promise<void> {
    const { shares, signOn, routes, clock } = this.#parts;
    if (isForeign(req, arrival)) throw new PorchlightError('cross_site');
    const form = await readForm(req, clock, FORM_MAX_BYTES);
    const { device, service } = arrival;
    const route =
      device === undefined || service === undefined ? undefined : await routes.resolve(device, service);
    if (route === undefined) throw new PorchlightError('not_found', 'There is nothing here');
    given.code = form.get('code')?.trim() ?? '';
    const password = form.get('password') ?? '';
    const share = await shares.open(
      {
        code: given.code,
        password: password === '' ? undefined : password,
        address: arrival.address,
      },
      { deviceId: route.device.id, service: route.service.name },
    );
    const until = Math.min(share.expiresAt ?? Infinity, clock.now() + VISIT_LIFE_MS);
    const seconds = Math.max(1, Math.floor((until - clock.now()) / 1000));
    const name = arrival.secure ? SHARE_COOKIE.secure : SHARE_COOKIE.plain;
    const value = signOn.shareCookie(share.id, arrival.host);
    res.writeHead(303, {
      Location: '/',
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
      'Content-Length': 0,
      'Set-Cookie': `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${arrival.secure ? '; Secure' : ''}`,
    });
    res.end();
  }
}

/** A form sent by a browser is answered with the form. */
function acceptsPage(req: IncomingMessage): boolean {
  return wantsPage(req) || req.headers.accept?.includes('text/html') === true;
}

function sendForm(
  req: IncomingMessage,
  res: ServerResponse,
  { status, error, code = '' }: { status: number; error?: PorchlightError; code?: string },
): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const body = formPage(error, code);
  res.writeHead(status === 401 ? 403 : status, {
    ...HEADERS,
    'Content-Length': Buffer.byteLength(body),
    ...(error?.code === 'too_many_requests' ? { 'Retry-After': String(error.detail['retryAfter']) } : {}),
    ...(req.httpVersionMajor === 1 && !req.complete && req.method === 'POST' ? { Connection: 'close' } : {}),
  });
  res.end(req.method === 'HEAD' ? undefined : body);
}

function formPage(error: PorchlightError | undefined, code: string): string {
  const asksPassword = error?.code === 'not_signed_in' || error?.code === 'wrong_credentials';
  const said = error === undefined ? '' : `<p class="bad" role="alert">${escapeHtml(error.message)}</p>`;
  const password =
    '<label>Password<input name="password" type="password" autocomplete="off" maxlength="200" autofocus></label>';
  return plainPage({
    title: 'Shared with you',
    main: `${lantern()}
<h1>Somebody shared this with you</h1>
<p class="hint">It opens one page of a device at their home.</p>
${said}
<form method="post" action="${SHARE_PATH}">
<label${asksPassword ? ' hidden' : ''}>Code from the link<input name="code" autocomplete="off" maxlength="100" required value="${escapeHtml(asksPassword ? code : '')}"></label>
${asksPassword ? password : ''}
<button>Open</button>
</form>
<script>${SCRIPT}</script>`,
  });
}
