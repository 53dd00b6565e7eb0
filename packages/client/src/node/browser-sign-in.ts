import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { PorchlightError } from '@porchlight/protocol';
import { beginCodeFlow, findOAuthServer, type SignInOptions } from '../sign-in/index.ts';
import type { StoredTokens } from '../tokens/index.ts';

/** Longest wait for the person: they may have to find a password. */
const WAIT_MS = 10 * 60_000;
const PATH = '/callback';

export interface BrowserSignInOptions extends SignInOptions {
  /** What is asked for; `read write offline_access` when none is given. */
  readonly scope?: string | undefined;
  /** Opens the address in the person's browser, or shows it to them. */
  readonly open: (url: string) => void | Promise<void>;
  /** Text of the page that the browser shows at the end. */
  readonly page?: string | undefined;
  /**
   * The address that the person's browser came back to, pasted by hand: for a browser on another machine. What comes
   * first counts.
   */
  readonly pasted?: Promise<string> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Signs in with the person's browser, which comes back to a port of the loopback address (RFC 8252 §7.3).
 * @throws PorchlightError `forbidden` (the person said no), `expired` (nobody came back), and others
 */
export async function signInWithBrowser(options: BrowserSignInOptions): Promise<StoredTokens> {
  const server = await findOAuthServer(options);
  const page = options.page ?? 'You are signed in. This page can be closed.';
  const listener = await listen(page);
  try {
    const flow = await beginCodeFlow(server, {
      redirectUri: `http://127.0.0.1:${listener.port}${PATH}`,
      scope: options.scope,
    });
    listener.expect(flow.state);
    await options.open(flow.url);
    const ends = [listener.came, expiry(options.signal), ...(options.pasted ? [options.pasted] : [])];
    return await flow.finish(await Promise.race(ends), options.signal);
  } finally {
    listener.close();
  }
}

/** Takes one request: of a browser that comes back with what was sent along, for every page can ask this port. */
async function listen(page: string) {
  let state: string | undefined;
  let arrive: (url: string) => void = () => undefined;
  const came = new Promise<string>((resolve) => {
    arrive = resolve;
  });
  const server = http.createServer({ requestTimeout: 10_000 }, (req, res) => {
    const [path, query] = (req.url ?? '').split('?');
    const given = new URLSearchParams(query).get('state');
    const found = req.method === 'GET' && path === PATH && state !== undefined && given === state;
    const text = found ? page : 'There is nothing here.';
    res.writeHead(found ? 200 : 404, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
      // The address has the code in it.
      'Referrer-Policy': 'no-referrer',
      Connection: 'close',
    });
    res.end(text, () => {
      if (found) arrive(`http://127.0.0.1${req.url}`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new PorchlightError('internal', 'No port of this machine can be opened', { cause })),
    );
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    came,
    expect(sent: string) {
      state = sent;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function expiry(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const deadline = AbortSignal.timeout(WAIT_MS);
    deadline.addEventListener('abort', () =>
      reject(new PorchlightError('expired', 'Nobody came back from the browser in time')),
    );
    signal?.addEventListener('abort', () => reject(signal.reason));
    if (signal?.aborted === true) reject(signal.reason);
  });
}
