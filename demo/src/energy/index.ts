import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { readBody, sendJson, sendText } from '../web/answer.ts';
import { listen, type Program } from '../web/listen.ts';
import { Page } from '../web/page.ts';
import { EmoncmsApi, type Keys } from './api.ts';

export interface EnergyMonitor extends Program {
  /** The local API keys: random at every start unless given. They never leave the house. */
  readonly keys: Keys;
}

/** Starts a program that answers like an emoncms with a solar home behind it, and has a page at `/`. */
export async function startEnergyMonitor(
  options: { keys?: Keys; now?: () => number } = {},
): Promise<EnergyMonitor> {
  const keys = options.keys ?? {
    read: randomBytes(16).toString('hex'),
    write: randomBytes(16).toString('hex'),
  };
  const api = new EmoncmsApi(keys, options.now ?? Date.now);
  const page = new Page(join(import.meta.dirname, 'page'));

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://energy');
    if (!pathname.startsWith('/emoncms/')) {
      if (!page.serve(request.method, pathname, response)) sendText(response, 404, 'There is no such page');
      return;
    }
    if (request.method === 'POST') {
      const body = await readBody(request, response);
      if (body === undefined) return sendJson(response, { success: false, message: 'Too long' });
      for (const [name, value] of new URLSearchParams(body)) searchParams.set(name, value);
    }
    const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
    sendJson(response, api.answer(pathname.slice('/emoncms/'.length), searchParams, bearer));
  };

  const program = await listen((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  return { ...program, keys };
}
