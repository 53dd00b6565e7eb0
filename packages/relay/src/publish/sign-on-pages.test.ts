import type { IncomingMessage, ServerResponse } from 'node:http';
import { FakeClock } from '@porchlight/testkit';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ANONYMOUS, type Identity } from '../access/index.ts';
import { SignOn } from './sign-on.ts';
import { SignOnPages } from './sign-on-pages.ts';

const alice: Identity = {
  kind: 'session',
  accountId: 'a1',
  accountName: 'alice',
  role: 'member',
  sessionId: 's1',
};
const HOST = 'web--robot.localhost:8080';
const arrival = { device: 'robot', service: 'web', host: HOST, secure: false, address: '127.0.0.1' };

interface Said {
  status: number;
  headers: Record<string, unknown>;
}

/** Just as much of node:http as the pages use. */
function exchange(url: string, headers: Record<string, string> = {}) {
  const said: Said = { status: 0, headers: {} };
  const req = {
    url,
    method: 'GET',
    httpVersionMajor: 1,
    complete: true,
    headers: { host: 'localhost:8080', ...headers },
  };
  const res = {
    headersSent: false,
    destroyed: false,
    writeHead(status: number, fields: Record<string, unknown>) {
      said.status = status;
      for (const [name, value] of Object.entries(fields)) said.headers[name.toLowerCase()] = value;
    },
    end: () => undefined,
  };
  return { req: req as unknown as IncomingMessage, res: res as unknown as ServerResponse, said };
}

describe('the redirects of a sign-on', () => {
  let pages: SignOnPages;
  beforeAll(async () => {
    const secrets = {
      getOrInsert: async (_name: string, value: string) => value,
    };
    pages = new SignOnPages({
      signOn: await SignOn.open({ clock: new FakeClock(), secrets }),
      domain: 'localhost',
      paths: { host: 'paths.localhost', insecureOnConsole: false },
    });
  });

  const atConsole = (query: Record<string, string>, who: Identity = alice, host = 'localhost:8080'): Said => {
    const { req, res, said } = exchange(`/sign-on?${new URLSearchParams(query)}`, { host });
    pages.console(req, res, who, false);
    return said;
  };
  const begin = (url: string): URL => {
    const { req, res, said } = exchange(url);
    pages.begin(req, res, arrival);
    return new URL(String(said.headers['location']));
  };
  const atHost = (url: string, cookie = ''): Said => {
    const { req, res, said } = exchange(url, { cookie });
    pages.handle(req, res, arrival);
    return said;
  };

  it('go once round and end at the page that was asked for', () => {
    const console = begin('/page?x=1&y=//z');
    expect(console.origin).toBe('http://localhost:8080');
    const query = Object.fromEntries(console.searchParams);
    const back = new URL(String(atConsole(query).headers['location']));
    expect(back.host).toBe(HOST);
    const done = atHost(`${back.pathname}${back.search}`, `porchlight-state=${query['state']}`);
    expect(done.status).toBe(302);
    expect(done.headers['location']).toBe('/page?x=1&y=//z');
    expect(String(done.headers['set-cookie'])).toMatch(
      /porchlight-visit=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax/,
    );
    // The same link a second time, or in another browser.
    expect(atHost(`${back.pathname}${back.search}`, `porchlight-state=${query['state']}`).status).toBe(410);
    expect(atHost(`${back.pathname}${back.search}`).status).toBe(410);
  });

  it('a page whose path looks like another site is left for the start page', () => {
    for (const url of ['//evil.com/x', '/\\evil.com', '/ü', `/${'a'.repeat(5000)}`])
      expect(begin(url).searchParams.get('return')).toBe('/');
  });

  const LEADING_AWAY = [
    '//evil.com',
    '/\\evil.com',
    '\\\\evil.com',
    'https://evil.com',
    'javascript:alert(1)',
    ' /x',
    '\t//evil.com',
    '/\r\nSet-Cookie: porchlight=x',
    '/\n/evil.com',
    '/\t/evil.com',
    '',
    'x',
    '.evil.com',
    '@evil.com',
  ];
  it.each(LEADING_AWAY)('never lead away: return=%j', (back) => {
    expect(atConsole({ host: HOST, state: 's', return: back }).status).toBe(400);
    const url = `/.porchlight/sign-on?${new URLSearchParams({ code: 'x', return: back })}`;
    expect(atHost(url, 'porchlight-state=s').status).toBe(410);
  });

  it('never lead away, whatever the return is', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '.',
      'evil.com',
      ':',
      '@',
      '%2f',
      '\r',
      '\n',
      '\t',
      ' ',
      '?',
      '#',
      'a',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const { status, headers } = atConsole({ host: HOST, state: 's', return: pieces.join('') });
        if (status !== 302) return;
        const final = new URL(String(headers['location'])).searchParams.get('return') ?? '';
        expect(new URL(final, `http://${HOST}/`).host).toBe(HOST);
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it.each([
    'localhost:8080',
    'evil.com',
    'web--robot.localhost.evil.com:8080',
    'user@web--robot.localhost:8080',
    'web--robot.localhost:8080/x',
    'web--robot.localhost:8080#',
    'web--robot.localhost:8080\r\nX: y',
    // Another port may be a forward to somebody else's device.
    'web--robot.localhost:9999',
    'web--robot.localhost',
    '',
  ])('no code for the host %j', (host) => {
    expect(atConsole({ host, state: 's', return: '/' }).status).toBe(400);
  });

  it('somebody not signed in signs in first, and comes back to this very step', () => {
    const { status, headers } = atConsole({ host: HOST, state: 's', return: '/' }, ANONYMOUS);
    expect(status).toBe(302);
    const next = new URL(String(headers['location']), 'http://localhost:8080');
    expect(next.pathname).toBe('/sign-in');
    expect(next.searchParams.get('next')?.startsWith('/sign-on?host=')).toBe(true);
  });

  it('nothing else is there below the reserved path', () => {
    for (const url of ['/.porchlight/', '/.porchlight/x', '/.porchlight/sign-on/', '/.porchlight/../x'])
      expect(atHost(url, 'porchlight-state=s').status).toBe(404);
  });
});
