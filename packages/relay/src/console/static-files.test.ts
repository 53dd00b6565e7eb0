import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InstallFiles } from './install-files.ts';
import { StaticFiles } from './static-files.ts';

const SCRIPT = `console.log(${'1 + '.repeat(1000)}1)`;

describe('the files of the console', () => {
  let folder: string;
  let server: http.Server;
  let port: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porchlight-static-'));
    await writeFile(join(folder, 'secret.txt'), 'SECRET');
    const dist = join(folder, 'dist');
    await mkdir(join(dist, 'assets'), { recursive: true });
    await writeFile(join(dist, 'index.html'), '<!doctype html>');
    await writeFile(join(dist, 'assets', 'app-1a2b.js'), SCRIPT);
    await symlink(join(folder, 'secret.txt'), join(dist, 'link.txt'));
    const files = await StaticFiles.read(dist);
    const install = await InstallFiles.read(undefined, () => 'CERTIFICATE');
    server = http.createServer((req, res) => {
      const path = (req.url ?? '/').split('?', 1)[0] ?? '/';
      if (!install.send(res, path) && !files.send(req, res, path)) res.writeHead(404).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    request({ port, host: 'localhost', path, headers, method });

  it.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/../../secret.txt',
    '/assets/..\\..\\secret.txt',
    '//secret.txt',
    '/./index.html',
    '/link.txt',
    '/constructor.js',
    '/assets/app-1a2b.js/',
    '/assets/app-1a2b.js%00.html',
    '/.env',
    '/install/../secret.txt',
    '/install/porchlight.mjs',
  ])('nothing is at %s', async (path) => {
    const answer = await get(path);
    expect([answer.status, answer.body]).toEqual([404, '']);
  });

  it.each(['/', '/devices/robot', '/constructor', '/__proto__', '/assets'])(
    '%s is a place of the app',
    async (path) => {
      const answer = await get(path);
      expect([answer.status, answer.body]).toEqual([200, '<!doctype html>']);
      expect(answer.headers['content-security-policy']).toContain("script-src 'self'");
      expect(answer.headers['cache-control']).toBe('no-cache');
    },
  );

  it('HEAD, and what has not changed', async () => {
    const head = await get('/assets/app-1a2b.js', {}, 'HEAD');
    expect([head.status, head.body, head.headers['content-length']]).toEqual([
      200,
      '',
      String(SCRIPT.length),
    ]);
    const again = await get('/assets/app-1a2b.js', { 'if-none-match': String(head.headers.etag) });
    expect([again.status, again.body]).toEqual([304, '']);
    expect((await get('/assets/app-1a2b.js', { 'if-none-match': '"other"' })).status).toBe(200);
    expect(head.headers['cache-control']).toContain('immutable');
  });

  it.each([
    ['gzip', true],
    ['br, gzip;q=0.5', true],
    ['GZIP', true],
    ['gzip;q=0', false],
    ['gzip; q=0.000, br', false],
    ['br', false],
    ['notgzip', false],
    ['', false],
  ])('packed for who takes it: %j', async (header, packed) => {
    const answer = await get('/assets/app-1a2b.js', { 'accept-encoding': header });
    expect(answer.headers['content-encoding']).toBe(packed ? 'gzip' : undefined);
    expect(answer.headers.vary).toBe('Accept-Encoding');
  });

  it('what a device fetches to join', async () => {
    const answer = await get('/install/ca.pem');
    expect([answer.status, answer.body]).toEqual([200, 'CERTIFICATE']);
    expect(answer.headers['content-disposition']).toBe('attachment; filename="ca.pem"');
  });
});
