import type { Server } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { parseWave, START_WAVE, temperature, voltage } from './signal.ts';

/** ms between two samples, and how many go in one message. */
const SAMPLE_MS = 20;
const BATCH = 2;
/** Longest message taken, in bytes. */
const MESSAGE_MAX = 1024 * 1024;
const SOCKETS_MAX = 50;
/** A reader with more than this outstanding, in bytes, misses samples instead of filling the memory. */
const BEHIND_MAX = 64 * 1024;

/**
 * Adds the WebSockets: `live` sends `{"temperature","samples":[[ms,volts],…]}` and takes a wave to show; `echo` sends
 * every message back as it came. Gives what ends them all.
 */
export function addSockets(server: Server): () => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_MAX });
  server.on('upgrade', (request, socket, head) => {
    const { pathname } = new URL(request.url ?? '/', 'http://scope');
    const serve = pathname === '/live' ? serveLive : pathname === '/echo' ? serveEcho : undefined;
    if (serve === undefined || sockets.clients.size >= SOCKETS_MAX) {
      socket.end(`HTTP/1.1 ${serve === undefined ? '404 Not Found' : '503 Service Unavailable'}\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      // After an error `close` follows, which ends what belongs to the socket.
      client.on('error', () => client.terminate());
      serve(client);
    });
  });
  return () => {
    for (const client of sockets.clients) client.terminate();
  };
}

function serveEcho(client: WebSocket): void {
  client.on('message', (data, binary) => {
    if (client.bufferedAmount < MESSAGE_MAX * 4) client.send(data, { binary });
    else client.close(1008, 'read your echoes');
  });
}

function serveLive(client: WebSocket): void {
  let wave = START_WAVE;
  let next = Date.now();
  const timer = setInterval(() => {
    const samples: [number, number][] = [];
    for (const now = Date.now(); next <= now; next += SAMPLE_MS) {
      samples.push([next, Number(voltage(wave, next / 1000).toFixed(3))]);
    }
    // After a sleep of the machine there is no use in all that was missed.
    const fresh = samples.slice(-100);
    if (client.bufferedAmount > BEHIND_MAX || fresh.length === 0) return;
    client.send(JSON.stringify({ temperature: Number(temperature(next / 1000).toFixed(2)), samples: fresh }));
  }, SAMPLE_MS * BATCH);
  client.on('close', () => clearInterval(timer));
  client.on('message', (data: Buffer) => {
    try {
      wave = parseWave(JSON.parse(data.toString()), wave);
    } catch {
      client.close(1007, 'not JSON');
    }
  });
}
