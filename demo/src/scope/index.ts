import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { sendText, startEvents } from '../web/answer.ts';
import { listen, type Program } from '../web/listen.ts';
import { Page } from '../web/page.ts';
import { addSockets } from './sockets.ts';

/** Most clocks that tick at once. */
const CLOCKS_MAX = 50;

/**
 * Starts a measuring device with a live page at `/`: WebSockets at `/live` and `/echo`, and at `/clock` a stream of
 * server-sent events, one a second.
 */
export async function startScope(): Promise<Program> {
  const page = new Page(join(import.meta.dirname, 'page'));
  let clocks = 0;

  const clock = (response: ServerResponse): void => {
    if (clocks >= CLOCKS_MAX) return sendText(response, 503, 'Too many clocks are ticking; close one');
    clocks++;
    const send = startEvents(response);
    const tick = (): boolean => send({ time: new Date().toISOString() });
    tick();
    const timer = setInterval(tick, 1000);
    response.on('close', () => {
      clocks--;
      clearInterval(timer);
    });
  };

  return listen((request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', 'http://scope');
    if (page.serve(request.method, pathname, response)) return;
    if (pathname === '/clock' && request.method === 'GET') clock(response);
    else sendText(response, 404, 'There is no such page');
  }, addSockets);
}
