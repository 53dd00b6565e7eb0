import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../clock.ts';
import { ConfigError, systemErrorCode } from '../config/index.ts';
import type { Logger } from '../log/index.ts';
import { ASSETS } from './assets.ts';
import { Credentials } from './credentials.ts';
import type { DeviceControl } from './device-control.ts';
import { doorPage, enter } from './door.ts';
import type { Html } from './html.ts';
import { MACHINE_NAMES, publishedNames } from './own-names.ts';
import { ACTIONS, FRAGMENTS, PAGES, type PageContext, statusJson } from './pages/index.ts';
import { removePlace, writePlace } from './place.ts';
import { isOwnHost, isSameOrigin, readForm, sessionCookie, setSessionCookie } from './request.ts';
import { Sessions } from './sessions.ts';
import { addressOf, Tries } from './tries.ts';

export interface SettingsPageParts {
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listen: { readonly host: string; readonly port: number };
  readonly control: DeviceControl;
}

/** The page's port cannot be opened. */
export class SettingsPageClosed extends ConfigError {}

/** So often the page looks whether its password was taken away on the device. */
const LOOK_MS = 2_000;
/** The device's own page is for its owner: few connections are enough. */
const CONNECTIONS_MAX = 64;
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  // With none at all, browsers send "Origin: null" along with a form.
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/**
 * Opens the device's settings page. Until it is claimed with the code that only the device shows, it does nothing else.
 * Call `announce` once the device is known to be ours to run.
 * @throws SettingsPageClosed when the port cannot be opened; ConfigError
 */
export async function openSettingsPage(parts: SettingsPageParts) {
  const { clock, listen, logger } = parts;
  const credentials = await Credentials.open(parts.dataFolder);
  const sessions = new Sessions(() => clock.monotonic());
  const tries = new Tries(() => clock.monotonic());
  let announced = false;
  let url = '';
  /** Tells the log, and `porchlight agent settings`, where the page is. */
  const announce = async (): Promise<void> => {
    const { claimCode } = credentials;
    const place = { url, ...(claimCode === undefined ? {} : { claimCode }) };
    announced = true;
    await writePlace(parts.dataFolder, place);
    logger.info(place, 'settings page');
  };
  const onClaimed = () => writePlace(parts.dataFolder, { url });
  const page = new SettingsPage({ ...parts, credentials, sessions, tries, onClaimed });
  const server = http.createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (req, res) => {
    page.handle(req, res).catch((error: unknown) => {
      logger.error({ error }, 'settings page failed');
      if (!res.headersSent) res.writeHead(500, { ...HEADERS, 'Content-Type': 'text/plain' });
      res.end('The page failed; the log of the agent says why.\n');
    });
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.listen(listen.port, listen.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = systemErrorCode(error);
    const why = code === 'EADDRINUSE' ? 'another program has that port' : code;
    throw new SettingsPageClosed(
      `the settings page cannot be opened at ${listen.host}:${listen.port} (${why}): choose another with --settings, or "--settings off"`,
      { cause: error },
    );
  }
  const { port } = server.address() as AddressInfo;
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  url = `http://${host}:${port}/`;
  page.port = port;
  let trouble: string | undefined;
  const look = async (): Promise<void> => {
    try {
      const changed = await credentials.look();
      trouble = undefined;
      if (!changed) return;
      sessions.endAll();
      if (announced) await announce();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (trouble !== error.message) logger.error({ reason: error.message }, 'settings page');
      trouble = error.message;
    }
  };
  const stopLooking = clock.every(LOOK_MS, () => {
    look().catch((error: unknown) => logger.error({ error }, 'settings page failed'));
  });
  return {
    url,
    claimCode: () => credentials.claimCode,
    announce,
    async close(): Promise<void> {
      stopLooking();
      server.close();
      server.closeAllConnections();
      if (announced) await removePlace(parts.dataFolder);
    },
  };
}

class SettingsPage {
  readonly #parts: SettingsPageParts;
  readonly #credentials: Credentials;
  readonly #sessions: Sessions;
  readonly #tries: Tries;
  readonly #onClaimed: () => Promise<void>;
  /** Known once it is open. */
  port = 0;

  constructor(
    parts: SettingsPageParts & {
      credentials: Credentials;
      sessions: Sessions;
      tries: Tries;
      onClaimed: () => Promise<void>;
    },
  ) {
    this.#parts = parts;
    this.#credentials = parts.credentials;
    this.#sessions = parts.sessions;
    this.#tries = parts.tries;
    this.#onClaimed = parts.onClaimed;
  }

  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (!(await this.#isOwnHost(req))) {
      return plain(res, 421, 'Call this page by the address of the device, or by its own name.\n');
    }
    const path = (req.url ?? '/').split('?')[0] ?? '/';
    const asset = ASSETS.get(path);
    if (asset !== undefined && isRead(req)) return send(res, 200, asset.type, asset.text);
    if (req.method === 'POST') return this.#change(req, res, path);
    if (!isRead(req)) return plain(res, 405, 'Only GET and POST are known here.\n');
    const session = this.#sessions.find(sessionCookie(req));
    if (session === undefined) {
      if (path === '/status.json' || FRAGMENTS.has(path)) return plain(res, 401, 'Sign in.\n');
      return show(res, 200, doorPage({ claimed: this.#credentials.claimCode === undefined }));
    }
    const context: PageContext = { ...this.#parts, formToken: session.formToken };
    if (path === '/status.json')
      return send(res, 200, 'application/json', JSON.stringify(statusJson(context)));
    const fragment = FRAGMENTS.get(path);
    if (fragment !== undefined) return show(res, 200, fragment(context));
    const found = PAGES.get(path);
    if (found === undefined) return plain(res, 404, 'There is no such page.\n');
    const query = new URL(req.url ?? '/', 'http://page').searchParams;
    show(res, 200, await found(context, { query, note: undefined, form: undefined }));
  }

  async #isOwnHost(req: IncomingMessage): Promise<boolean> {
    const { host } = req.headers;
    if (isOwnHost(host, MACHINE_NAMES)) return true;
    return isOwnHost(host, await publishedNames({ ...this.#parts, port: this.port }));
  }

  async #change(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    if (!isSameOrigin(req)) return plain(res, 403, 'A change has to come from this page itself.\n');
    let form: URLSearchParams;
    try {
      form = await readForm(req);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      res.setHeader('Connection', 'close');
      return plain(res, 413, `${error.message}\n`);
    }
    const secret = sessionCookie(req);
    const session = this.#sessions.find(secret);
    if (session === undefined) {
      const entered = await enter(
        { path, form, address: addressOf(req) },
        { credentials: this.#credentials, sessions: this.#sessions, tries: this.#tries },
      );
      if ('refused' in entered) {
        const claimed = this.#credentials.claimCode === undefined;
        const { refused, waitMs } = entered;
        if (waitMs !== undefined) res.setHeader('Retry-After', Math.ceil(waitMs / 1000));
        return show(res, waitMs === undefined ? 403 : 429, doorPage({ claimed, refused }));
      }
      if (path === '/claim') await this.#onClaimed();
      return redirect(res, '/', { 'Set-Cookie': setSessionCookie(entered.secret) });
    }
    if (form.get('form-token') !== session.formToken) {
      return plain(res, 403, 'This form is from an earlier visit: load the page again.\n');
    }
    if (path === '/sign-out') {
      this.#sessions.end(secret);
      return redirect(res, '/', { 'Set-Cookie': setSessionCookie(undefined) });
    }
    const action = ACTIONS.get(path);
    if (action === undefined) return plain(res, 404, 'There is no such action.\n');
    const context: PageContext = { ...this.#parts, formToken: session.formToken };
    try {
      const outcome = await action.run(context, form);
      if (outcome === 'password-changed') {
        await this.#credentials.setPassword(form.get('password') ?? '');
        this.#sessions.endAll();
        return redirect(res, action.page, { 'Set-Cookie': setSessionCookie(this.#sessions.begin()) });
      }
      if (outcome === undefined) return redirect(res, action.page);
      const page = PAGES.get(action.page);
      if (page !== undefined)
        show(res, 200, await page(context, { query: new URLSearchParams(), note: outcome, form }));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const page = PAGES.get(action.page);
      const note = { kind: 'wrong' as const, text: error.message };
      if (page !== undefined)
        show(res, 400, await page(context, { query: new URLSearchParams(), note, form }));
    }
  }
}

function isRead(req: IncomingMessage): boolean {
  return req.method === 'GET' || req.method === 'HEAD';
}

function show(res: ServerResponse, status: number, page: Html): void {
  send(res, status, 'text/html; charset=utf-8', page.text);
}

function plain(res: ServerResponse, status: number, text: string): void {
  send(res, status, 'text/plain; charset=utf-8', text);
}

function redirect(res: ServerResponse, to: string, more: Readonly<Record<string, string>> = {}): void {
  res.writeHead(303, { ...HEADERS, ...more, Location: to, 'Content-Length': 0 });
  res.end();
}

function send(res: ServerResponse, status: number, type: string, text: string): void {
  res.writeHead(status, { ...HEADERS, 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  res.end(res.req.method === 'HEAD' ? undefined : text);
}
