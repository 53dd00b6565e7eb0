import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Logger } from '../../log/index.ts';
import { EmoncmsPost } from './index.ts';

let folder: string;
let server: http.Server;
let clock: FakeClock;
let post: EmoncmsPost;
let posted: { path: string | undefined; key: string | undefined; fields: Record<string, string> }[];
let logged: string[];
let answer: { status: number; body: string };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-emoncms-'));
  [posted, logged, answer] = [[], [], { status: 200, body: '{"success": true}' }];
  server = http.createServer((req, res) => {
    void text(req).then((body) => {
      const fields = Object.fromEntries(new URLSearchParams(body));
      posted.push({ path: req.url, key: req.headers.authorization, fields });
      res.writeHead(answer.status).end(answer.body);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const apiKeyFile = join(folder, 'key');
  await writeFile(apiKeyFile, '0123456789abcdef\n');
  clock = new FakeClock();
  const write = (fields: { reason?: string }, message: string) => void logged.push(fields.reason ?? message);
  const logger = { info: write, warn: write } as unknown as Logger;
  post = await EmoncmsPost.open({
    settings: { url: `http://127.0.0.1:${port}/emoncms/`, apiKeyFile },
    clock,
    logger,
  });
});
afterEach(async () => {
  await post.close();
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

const note = (path: string, value: string) => post.note(path, Buffer.from(value));
/** Once there is something to be posted: the time for it, and until so many requests have come. */
async function arrives(count: number): Promise<void> {
  await vi.waitFor(() => expect(clock.waiting).toBe(1), { timeout: 20_000 });
  await clock.advance(1_000);
  await vi.waitFor(() => expect(posted).toHaveLength(count), { timeout: 20_000 });
}

it('posts what came together in one request for each node, as numbers, with the key in a header', async () => {
  note('kitchen/power', '23.5');
  note('kitchen/temp/inside', ' 21 ');
  note('garage/door', '0');
  for (const [path, value] of [
    ['kitchen', '1'],
    ['kitchen/name', 'Küche'],
    ['kitchen/empty', ''],
    ['kitchen/no', 'NaN'],
  ] as const)
    note(path, value);
  await arrives(2);
  expect(posted).toEqual([
    {
      path: '/emoncms/input/post',
      key: 'Bearer 0123456789abcdef',
      fields: { node: 'kitchen', fulljson: '{"power":23.5,"temp_inside":21}' },
    },
    expect.objectContaining({ fields: { node: 'garage', fulljson: '{"door":0}' } }),
  ]);
});

it('while emoncms says no the last value waits, and it is told once', async () => {
  answer = { status: 200, body: '{"success": false, "message": "Format error"}' };
  note('kitchen/power', '1');
  await arrives(1);
  note('kitchen/power', '2');
  note('kitchen/vcc', '3.3');
  await arrives(2);
  answer = { status: 200, body: 'ok' };
  await arrives(3);
  expect(posted[2]?.fields).toEqual({ node: 'kitchen', fulljson: '{"power":2,"vcc":3.3}' });
  await vi.waitFor(() => expect(logged).toHaveLength(2), { timeout: 20_000 });
  expect(logged[0]).toContain('Format error');
  expect(logged.join()).not.toContain('0123456789abcdef');
  expect(logged[1]).toBe('emoncms takes inputs again');
});
