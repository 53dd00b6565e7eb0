import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Program } from '../web/listen.ts';
import { startScope } from './index.ts';
import { parseWave, START_WAVE, voltage } from './signal.ts';

let scope: Program;
beforeEach(async () => {
  scope = await startScope();
});
afterEach(() => scope.close());

async function open(path: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${scope.port}${path}`);
  await once(socket, 'open');
  return socket;
}

describe('WebSockets', () => {
  it('echo sends text and bytes back as they came', async () => {
    const socket = await open('/echo');
    socket.send('grüezi');
    expect(await once(socket, 'message')).toEqual([Buffer.from('grüezi'), false]);
    const bytes = Buffer.alloc(200_000, 7);
    socket.send(bytes);
    expect(await once(socket, 'message')).toEqual([bytes, true]);
  });

  it('live sends samples of the wave that the page asked for', async () => {
    const socket = await open('/live');
    socket.send(JSON.stringify({ shape: 'square', amplitude: 5, frequency: 0.1 }));
    for (;;) {
      const [data] = (await once(socket, 'message')) as [Buffer];
      const { temperature, samples } = JSON.parse(String(data));
      expect(temperature).toBeGreaterThan(15);
      const volts = Math.abs(samples.at(-1)[1]);
      if (volts > 4.8 && volts < 5.2) break;
    }
  });

  it('live ends a connection that does not speak JSON', async () => {
    const socket = await open('/live');
    socket.send('{');
    expect((await once(socket, 'close'))[0]).toBe(1007);
  });

  it('are nowhere else', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${scope.port}/other`);
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('404');
  });

  it('end when the program closes', async () => {
    const socket = await open('/live');
    const ended = once(socket, 'close');
    await scope.close();
    await scope.close();
    await ended;
  });
});

it('the clock ticks as server-sent events', async () => {
  const stop = new AbortController();
  const response = await fetch(`http://127.0.0.1:${scope.port}/clock`, { signal: stop.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  let text = '';
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (/data: \{"time":"\d{4}-.*Z"\}\n\n/.test(text)) break;
  }
  stop.abort();
});

it('the page is served', async () => {
  for (const path of ['/', '/page.js', '/page.css', '/base.css']) {
    expect((await fetch(`http://127.0.0.1:${scope.port}${path}`)).status).toBe(200);
  }
  expect((await fetch(`http://127.0.0.1:${scope.port}/x`)).status).toBe(404);
});

describe('waves', () => {
  it('keep what was before where the wish makes no sense', () => {
    for (const wish of [null, 1, 'x', [], { shape: 'toString' }, { frequency: 1e9 }, { amplitude: '3' }]) {
      expect(parseWave(wish, START_WAVE)).toEqual(START_WAVE);
    }
  });

  it('stay within their amplitude', () => {
    for (const shape of ['sine', 'square', 'triangle'] as const) {
      for (let at = 0; at < 10; at += 0.13) {
        expect(Math.abs(voltage({ shape, frequency: 1, amplitude: 2 }, at))).toBeLessThan(2.2);
      }
    }
  });
});
