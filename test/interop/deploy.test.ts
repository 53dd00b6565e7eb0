/** What lies in deploy/, tried with the programs that it is for. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type CurlAnswer,
  curl,
  type RunningProgram,
  requireProgram,
  runProgram,
  startPorchlight,
  startProgram,
  until,
} from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const deploy = join(dirname(dirname(import.meta.dirname)), 'deploy');
const analyze = await requireProgram('systemd-analyze', 'systemd');
const nginx = await requireProgram('nginx', 'nginx', { folders: ['/usr/sbin'] });
const openssl = await requireProgram('openssl', 'openssl');

describe.skipIf(analyze.missing)(`systemd units ${analyze.missing ?? ''}`, () => {
  it('are understood and leave little open', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'porchlight-units-'));
    const units = (await readdir(join(deploy, 'systemd'))).filter((name) => name.endsWith('.service'));
    expect(units).toHaveLength(2);
    for (const unit of units) {
      // Neither the program nor the user is there on a machine that only builds.
      const text = (await readFile(join(deploy, 'systemd', unit), 'utf8'))
        .replace(/^ExecStart=.*/m, 'ExecStart=/bin/true')
        .replace(/^(?:User|Documentation)=.*\n/gm, '');
      await writeFile(join(folder, unit), text);
      const program = analyze.path ?? '';
      expect(await runProgram(program, ['verify', join(folder, unit)])).toMatchObject({
        code: 0,
        stderr: '',
      });
      const offline = ['security', '--offline=yes', '--threshold=20', join(deploy, 'systemd', unit)];
      expect(await runProgram(program, offline)).toMatchObject({ code: 0 });
    }
    await rm(folder, { recursive: true });
  });
});

const missing = nginx.missing ?? openssl.missing;

describe.skipIf(missing)(`a relay behind nginx ${missing ?? ''}`, () => {
  let folder: string;
  let relay: RunningProgram;
  let proxy: RunningProgram;
  let port: number;
  let origin: string;

  const visit = (host: string, path: string, ...args: string[]): Promise<CurlAnswer> =>
    curl([
      ...['--interface', '127.0.0.2', '--resolve', `${host}:${port}:127.0.0.1`],
      ...['--cacert', join(folder, 'certificate.pem'), ...args, `https://${host}:${port}${path}`],
    ]);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porchlight-nginx-'));
    port = await freePort();
    origin = `https://relay.example:${port}`;
    const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
    const made = await runProgram(openssl.path ?? '', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'],
      ...['-subj', '/CN=relay.example', '-addext', 'subjectAltName=DNS:relay.example,DNS:*.relay.example'],
      ...['-keyout', key, '-out', certificate],
    ]);
    expect(made).toMatchObject({ code: 0 });
    const settings = await readFile(join(deploy, 'reverse-proxy/relay.yaml'), 'utf8');
    await writeFile(join(folder, 'relay.yaml'), settings.replace('publicPort: 443', `publicPort: ${port}`));
    relay = startPorchlight([
      ...['relay', '--config', join(folder, 'relay.yaml'), '--data', join(folder, 'data')],
      ...['--http', '0', '--ssh', '0', '--log', 'json'],
    ]);
    const ready = await relay.json((line) => line['msg'] === 'relay ready');
    const snippet = (await readFile(join(deploy, 'reverse-proxy/nginx.conf'), 'utf8'))
      .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      .replace('server 127.0.0.1:8080', `server 127.0.0.1:${String(ready['http'])}`)
      .replace(/\/etc\/letsencrypt\/\S+fullchain\.pem/, certificate)
      .replace(/\/etc\/letsencrypt\/\S+privkey\.pem/, key);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${join(folder, name)};`)
      .join(' ');
    const user = process.geteuid?.() === 0 ? 'user root;' : '';
    await writeFile(
      join(folder, 'nginx.conf'),
      `daemon off; ${user} pid ${join(folder, 'pid')}; error_log stderr; events {}\nhttp { access_log off; ${temporary}\n${snippet}\n}\n`,
    );
    proxy = startProgram(nginx.path ?? '', ['-c', join(folder, 'nginx.conf'), '-e', 'stderr']);
    await until(async () => (await visit('relay.example', '/healthz')).status === 200, 20);
  });
  afterAll(async () => {
    await proxy?.stop();
    await relay?.stop();
    await rm(folder, { recursive: true });
  });

  it('knows its own address, the way there, and the visitor', async () => {
    const { url } = await relay.json((line) => line['event'] === 'set-up link');
    expect(new URL(String(url)).origin).toBe(origin);
    const token = new URL(String(url)).searchParams.get('token');
    const sent = JSON.stringify({ token, name: 'alice', password: 'correct horse' });
    const json = ['-H', 'Content-Type: application/json', '-H', `Origin: ${origin}`];
    const forged = ['-H', 'X-Forwarded-For: 6.6.6.6', '-H', 'X-Forwarded-Proto: http'];
    const made = await visit('relay.example', '/api/setup', ...json, ...forged, '-d', sent);
    expect(made.status).toBe(201);
    const cookie = made.headers['set-cookie']?.[0] ?? '';
    expect(cookie).toMatch(/^__Host-.*; Secure/);
    const mine = await visit('relay.example', '/api/me/sessions', '-b', cookie.split(';')[0] ?? '');
    expect(mine.body).toContain('"address":"127.0.0.2"');
  });

  it('lets devices in through a WebSocket, and asks visitors of a device to sign on', async () => {
    const handshake = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    const upgrade = await visit(
      'relay.example',
      '/.well-known/porchlight/link',
      ...['--http1.1', '--max-time', '2', '-H', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='],
      ...handshake.flatMap((line) => ['-H', line]),
    );
    expect(upgrade.status).toBe(101);
    expect(upgrade.body).toContain('SSH-2.0-Porchlight');
    const machine = await visit('web--robot.relay.example', '/');
    expect([401, 404]).toContain(machine.status);
  });
});

/** A port that nobody has now. */
function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
