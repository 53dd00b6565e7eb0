// The emoncms of the demo home, on loopback, with the pages of a folder beside it, packed as a web server packs them.
// Arguments: the folder. Prints its port as JSON.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';
import { EmoncmsApi } from '../../../demo/src/energy/api.ts';

const folder = process.argv[2] ?? '';
const KEY = 'of-the-bench';
const api = new EmoncmsApi({ read: KEY, write: KEY }, Date.now);
const TYPES = new Map([
  ['.js', 'text/javascript'],
  ['.css', 'text/css'],
]);
const packed = new Map<string, Buffer>();

const server = http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://home');
  if (pathname.startsWith('/feed/')) {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(api.answer(pathname.slice(1), searchParams, KEY)));
    return;
  }
  const body = packed.get(pathname) ?? gzipSync(readFileSync(join(folder, normalize(pathname))));
  packed.set(pathname, body);
  response.setHeader('Content-Type', TYPES.get(extname(pathname)) ?? 'text/html');
  response.setHeader('Content-Encoding', 'gzip');
  response.setHeader('Content-Length', body.length);
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
