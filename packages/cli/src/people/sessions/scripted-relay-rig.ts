/** A relay that says what it is told to, for sessions whose every word is known beforehand. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { PorchlightError, problemOf } from '@porchlight/protocol';
import { homeFixtures } from './home-rig.ts';

/** Who may do what with which token. */
const TOKENS = new Map([
  ['plt_good', 'all'],
  ['plt_read', 'read'],
]);
/** What a token that only reads is refused. */
const NEEDS_MANAGE = /^\/api\/(?:join-requests|lan-requests|audit|shares|me\/access-tokens|me\/app-grants)/;

export type ScriptedRelay = Awaited<ReturnType<typeof startScriptedRelay>>;

export async function startScriptedRelay() {
  const server = http.createServer((req, res) => {
    const { port } = server.address() as AddressInfo;
    const answer = answerTo(req, homeFixtures(Date.now(), port));
    const text =
      answer instanceof PorchlightError ? JSON.stringify(problemOf(answer)) : JSON.stringify(answer);
    const status = answer instanceof PorchlightError ? answer.status : answer === undefined ? 204 : 200;
    req.resume().once('end', () => res.writeHead(status, { 'content-type': 'application/json' }).end(text));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answerTo(req: http.IncomingMessage, home: ReturnType<typeof homeFixtures>): unknown {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://relay');
  if (pathname === '/.well-known/porchlight') return home.identity;
  if (pathname === '/healthz') return { status: 'ok' };
  const may = TOKENS.get(req.headers.authorization?.replace('Bearer ', '') ?? '');
  if (may === undefined) return new PorchlightError('not_signed_in');
  if (may === 'read' && NEEDS_MANAGE.test(pathname)) {
    return new PorchlightError('scope_missing', 'This needs the scope "manage"');
  }
  const { method = 'GET' } = req;
  const listed = home.lists.get(`${method} ${pathname}`);
  if (listed !== undefined) {
    const found = listed.filter((item) => matches(item, searchParams));
    return { items: found.slice(0, Number(searchParams.get('limit') ?? found.length)) };
  }
  return home.answers.get(`${method} ${pathname}`) ?? done(method, pathname);
}

function matches(item: object, query: URLSearchParams): boolean {
  const search = query.get('search') ?? query.get('tag');
  const code = query.get('code');
  const text = JSON.stringify(item);
  return (search === null || text.includes(search)) && (code === null || text.includes(code));
}

function done(method: string, pathname: string): undefined | PorchlightError {
  const known = method === 'DELETE' ? /\/(?:tok1|grant1|share1)$/ : /\/(?:req1\/deny|r7\/(?:allow|deny))$/;
  return known.test(pathname) ? undefined : new PorchlightError('not_found');
}
