import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the stand-in answers; changed by a test while it runs. */
export interface ScriptedEmoncms {
  readonly url: string;
  /** Paths and queries that were asked for. */
  readonly asked: string[];
  /** Answers in place of the usual: text as it is, or false for never. */
  answer: ((path: string) => string | false | undefined) | undefined;
  /** Answers come after this. */
  hold: Promise<void> | undefined;
  close(): Promise<void>;
}

/** Points of each feed, whatever is asked for. */
export const POINTS = 10_000;

/** An emoncms at `/`, as the preset exposes one, with numbers as text and {@link POINTS} points a feed with a gap. */
export async function startScriptedEmoncms(): Promise<ScriptedEmoncms> {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://emoncms');
    asked.push(request.url ?? '');
    const scripted = rig.answer?.(pathname);
    if (scripted === false) return;
    response.setHeader('content-type', 'application/json');
    const body = scripted ?? JSON.stringify(usual(pathname, searchParams));
    void Promise.resolve(rig.hold).then(() => response.end(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const rig: ScriptedEmoncms = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answer: undefined,
    hold: undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return rig;
}

function usual(path: string, query: URLSearchParams): unknown {
  const now = Math.floor(Date.now() / 1000);
  const feeds = ['use', 'solar', 'grid', 'battery'].map((name, at) => ({
    ...{ id: String(at + 1), userid: '1', name, tag: at < 2 ? 'Power' : 'House', public: '0', size: '4000' },
    ...{ engine: at === 3 ? '2' : '5', unit: at === 3 ? '%' : 'W', time: now - at * 60, value: `${at}00.5` },
  }));
  switch (path) {
    case '/feed/list.json':
      return feeds;
    case '/input/list.json':
      return [
        {
          id: '1',
          nodeid: 'emonpi',
          name: 'power1',
          description: '',
          processList: '1:1',
          time: now,
          value: 5,
        },
      ];
    case '/feed/getmeta.json':
      return { start_time: now - 86_400 * 30, interval: 10, npoints: 259_200 };
    case '/feed/data.json': {
      const [start, end] = [Number(query.get('start')), Number(query.get('end'))];
      return Array.from({ length: POINTS }, (_, n) => [
        Math.round(start + ((end - start) * n) / POINTS),
        n > 4_000 && n < 4_500 ? null : Math.round(1_000 * Math.sin(n / 300 + Number(query.get('id')))),
      ]);
    }
    default:
      return { success: false, message: 'Route not found' };
  }
}
