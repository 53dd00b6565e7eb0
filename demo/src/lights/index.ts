import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { readBody, sendJson, sendText, startEvents } from '../web/answer.ts';
import { listen, type Program } from '../web/listen.ts';
import { Page } from '../web/page.ts';
import { answerApi } from './api.ts';
import { Bridge } from './bridge.ts';

/** Most pages that watch the lamps at once. */
const WATCHERS_MAX = 50;

export interface LightBridge extends Program {
  /** A user name of the local API, as a program gets it after the button was pressed. */
  readonly user: string;
}

/**
 * Starts a light bridge: the Hue v1 API at `/api`, and its own page at `/`, whose button counts as the one on the
 * bridge's case.
 */
export async function startLightBridge(options: { now?: () => number } = {}): Promise<LightBridge> {
  const bridge = new Bridge(options.now ?? Date.now);
  const user = bridge.addUser('porchlight#demo');
  const page = new Page(join(import.meta.dirname, 'page'));

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const method = request.method ?? 'GET';
    const { pathname } = new URL(request.url ?? '/', 'http://lights');
    if (page.serve(method, pathname, response)) return;
    const body = await readBody(request, response);
    if (body === undefined) return sendText(response, 413, 'Too long');
    const [first, ...path] = pathname.split('/').filter((each) => each !== '');
    if (first === 'api') return sendJson(response, answerApi(bridge, { method, path, body }));
    if (first === 'events' && method === 'GET') return watch(response);
    if (first === 'button' && method === 'POST') {
      bridge.pressButton();
      return sendJson(response, { pressed: true });
    }
    // The page is part of the bridge, so it switches lamps and rooms without a user name of its own.
    if (first === 'switch' && method === 'PUT' && (path[0] === 'lights' || path[0] === 'groups')) {
      return sendJson(response, answerApi(bridge, { method, path: [user, ...path], body }));
    }
    sendText(response, 404, 'There is no such page');
  };

  let watchers = 0;
  const watch = (response: ServerResponse): void => {
    if (watchers >= WATCHERS_MAX) return sendText(response, 503, 'Too many pages are watching; close one');
    watchers++;
    const send = startEvents(response);
    const tell = (): boolean =>
      send({
        lights: Object.fromEntries(bridge.lights),
        groups: Object.fromEntries(bridge.groups),
        button: bridge.buttonPressed,
      });
    tell();
    const unwatch = bridge.watch(tell);
    response.on('close', () => {
      watchers--;
      unwatch();
    });
  };

  const program = await listen((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  return { ...program, user };
}
