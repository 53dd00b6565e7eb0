import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import {
  type CurlAnswer,
  curl,
  type ProcessDevice,
  type ProcessPerson,
  type ProcessRelay,
  requireProgram,
  runProgram,
  startProcessRelay,
  startProgram,
  until,
} from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const HOST = 'secure--robot.home.localhost';
const ssh = await requireProgram('ssh', 'openssh-client');
const openssl = await requireProgram('openssl', 'openssl');

describe.skipIf(openssl.missing !== undefined)(`TLS that ends on the device ${openssl.missing ?? ''}`, () => {
  let folder: string;
  let relay: ProcessRelay;
  let owner: ProcessPerson;
  let device: ProcessDevice;
  let server: https.Server;
  let caFile: string;

  const ssl = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await runProgram('openssl', args, { cwd: folder });
    if (code !== 0) throw new Error(stderr);
  };

  /** An authority of the device's own, and a certificate from it, as its owner would make them. */
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porchlight-passthrough-'));
    caFile = join(folder, 'ca.pem');
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    await ssl(
      'req',
      '-x509',
      ...ec,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '2',
      '-subj',
      '/CN=Robot CA',
    );
    await ssl(
      'req',
      ...ec,
      '-keyout',
      'own.key',
      '-out',
      'own.csr',
      '-subj',
      '/CN=robot',
      '-addext',
      `subjectAltName=DNS:${HOST}`,
    );
    await ssl(
      'x509',
      '-req',
      '-in',
      'own.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-copy_extensions',
      'copy',
      '-out',
      'own.pem',
      '-days',
      '2',
    );
    const [key, cert] = await Promise.all(['own.key', 'own.pem'].map((name) => readFile(join(folder, name))));
    server = https.createServer(
      { ...(key && { key }), ...(cert && { cert }), ALPNProtocols: ['http/1.1'] },
      (req, res) => {
        if (req.url === '/large') res.end(Buffer.alloc(3_000_000, 'x'));
        else
          req
            .resume()
            .on('end', () => res.end(`over ${(req.socket as tls.TLSSocket).getProtocol()}: ${req.url}`));
      },
    );
    server.on('upgrade', (_req, socket: Socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    relay = await startProcessRelay({ flags: ['--metrics', '0'] });
    owner = await relay.person('alice', 'admin');
    const { port } = server.address() as AddressInfo;
    device = await relay.device(owner, 'robot', {
      secure: `tcp://127.0.0.1:${port}`,
      web: `http://127.0.0.1:${port}`,
    });
  });

  afterAll(async () => {
    await relay?.close();
    server?.closeAllConnections();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const set = (passthrough: boolean, service = 'secure'): Promise<CurlAnswer> =>
    owner.api('PATCH', `/api/devices/${device.id}/services/${service}`, { passthrough });
  const visit = (path: string, args: readonly string[] = [], ca = caFile): Promise<CurlAnswer> =>
    curl([
      '--cacert',
      ca,
      '--resolve',
      `${HOST}:${relay.ports.https}:127.0.0.1`,
      ...args,
      `https://${HOST}:${relay.ports.https}${path}`,
    ]);
  const connect = (more: tls.ConnectionOptions = {}): tls.TLSSocket =>
    tls.connect({
      host: '127.0.0.1',
      port: relay.ports.https,
      servername: HOST,
      rejectUnauthorized: false,
      ...more,
    });

  it('is off at first: the relay answers, with its own certificate', async () => {
    expect((await visit('/')).exit).toBe(60);
    const answer = await visit('/', [], relay.caFile);
    expect(answer.status).toBe(404);
  });

  it('is for tcp services only', async () => {
    const { status, body } = await set(true, 'web');
    expect([status, JSON.parse(body).code]).toEqual([400, 'bad_request']);
  });

  it('reaches the device’s own certificate, once its owner says so', async () => {
    const changed = await set(true);
    expect(JSON.parse(changed.body)).toMatchObject({
      passthrough: true,
      url: `https://${HOST}:${relay.ports.https}/`,
    });
    await until(async () => (await visit('/hello')).status === 200);
    expect((await visit('/hello')).body).toBe('over TLSv1.3: /hello');
    expect((await visit('/hello', ['--tls-max', '1.2'])).body).toBe('over TLSv1.2: /hello');
    expect((await visit('/hello', [], relay.caFile)).exit).toBe(60);
    const large = await visit('/large');
    expect(large.downloaded).toBe(3_000_000);
  });

  it('leaves ALPN to the device, also where it differs from the relay’s', async () => {
    const { stdout } = await runProgram(
      'openssl',
      [
        's_client',
        '-connect',
        `127.0.0.1:${relay.ports.https}`,
        '-servername',
        HOST,
        '-alpn',
        'h2,http/1.1',
        '-CAfile',
        caFile,
        '-verify_return_error',
      ],
      { input: '' },
    );
    expect(stdout).toContain('ALPN protocol: http/1.1');
    expect(stdout).toContain('issuer=CN = Robot CA');
    expect(stdout).toContain('Verify return code: 0 (ok)');
  });

  it('takes a ClientHello in pieces of one byte', async () => {
    const raw = net.connect(relay.ports.https, '127.0.0.1');
    raw.setNoDelay(true);
    await once(raw, 'connect');
    const client = connect();
    client.on('error', () => undefined);
    client.destroy();
    // What OpenSSL would send, taken from a socket of our own.
    const catcher = net.createServer();
    catcher.listen(0, '127.0.0.1');
    await once(catcher, 'listening');
    const other = tls.connect({
      port: (catcher.address() as AddressInfo).port,
      host: '127.0.0.1',
      servername: HOST,
    });
    other.on('error', () => undefined);
    const [caught] = (await once(catcher, 'connection')) as [Socket];
    const [hello] = (await once(caught, 'data')) as [Buffer];
    for (const byte of hello) {
      raw.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [answer] = (await once(raw, 'data')) as [Buffer];
    expect(answer[0]).toBe(22); // a handshake record: ServerHello
    for (const socket of [raw, other, caught]) socket.destroy();
    catcher.close();
  });

  it('leaves everything else on the port as it was', async () => {
    expect((await relay.visit('home.localhost', '/healthz')).status).toBe(200);
    expect((await relay.visit('web--robot.home.localhost', '/')).status).toBe(401);
    const unnamed = connect({ servername: '' });
    await once(unnamed, 'secureConnect');
    expect(unnamed.getPeerCertificate().issuer.CN).not.toBe('Robot CA');
    unnamed.destroy();
  });

  it('tells a browser that came over another host’s connection to make one of its own', async () => {
    const web = 'web--robot.home.localhost';
    const answer = await curl([
      '--cacert',
      relay.caFile,
      '--resolve',
      `${web}:${relay.ports.https}:127.0.0.1`,
      '-H',
      `Host: ${HOST}:${relay.ports.https}`,
      `https://${web}:${relay.ports.https}/`,
    ]);
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([421, 'misdirected']);
  });

  it('is in the audit and the metrics', async () => {
    const { items } = JSON.parse((await owner.api('GET', '/api/audit?limit=200')).body);
    const opened = items.filter((one: { action: string }) => one.action === 'service.opened');
    expect(opened).toHaveLength(1);
    expect(opened[0]).toMatchObject({
      target: 'secure--robot',
      actor: 'visitor',
      detail: { access: 'passthrough' },
    });
    expect(items.some((one: { action: string }) => one.action === 'service.passthrough-changed')).toBe(true);
    const port = (await relay.program.json((line) => line['msg'] === 'relay ready'))['metrics'];
    const { body } = await curl([`http://127.0.0.1:${Number(port)}/metrics`]);
    expect(body).toMatch(/porchlight_passthrough_connections_total\{outcome="carried"\} [1-9]/);
    expect(body).toMatch(/porchlight_passthrough_bytes_total\{direction="from_device"\} [1-9]\d{6}/);
  });

  /** Its end, by a reset too. */
  const closeOf = (client: Socket): Promise<void> =>
    new Promise((resolve) => void client.once('close', () => resolve()));

  /** A connection on which the device sends back what it gets. */
  const echo = async (): Promise<tls.TLSSocket> => {
    const client = connect({ ca: await readFile(caFile), rejectUnauthorized: true });
    client.on('error', () => undefined);
    client.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`);
    await once(client, 'data');
    client.write('ping');
    expect(String((await once(client, 'data'))[0])).toBe('ping');
    return client;
  };

  it('ends what is open when the owner turns it off, and is the relay’s again', async () => {
    const client = await echo();
    const closed = closeOf(client);
    expect((await set(false)).status).toBe(200);
    await closed;
    expect((await visit('/', [], relay.caFile)).status).toBe(404);
    expect((await set(true)).status).toBe(200);
    await until(async () => (await visit('/')).status === 200);
  });

  it('follows a new name, and the former one goes on leading there', async () => {
    expect((await owner.api('PATCH', `/api/devices/${device.id}`, { name: 'rover' })).status).toBe(200);
    await until(async () => {
      const { stdout } = await runProgram(
        'openssl',
        [
          's_client',
          '-connect',
          `127.0.0.1:${relay.ports.https}`,
          '-servername',
          'secure--rover.home.localhost',
        ],
        { input: '' },
      );
      return stdout.includes('issuer=CN = Robot CA');
    });
    expect((await visit('/')).status).toBe(200);
    expect((await owner.api('PATCH', `/api/devices/${device.id}`, { name: 'robot' })).status).toBe(200);
  });

  it.skipIf(ssh.missing !== undefined)(`works for a stock client too ${ssh.missing ?? ''}`, async () => {
    const key = join(folder, 'stock');
    await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const made = await owner.api('POST', '/api/enrolment-tokens', {});
    const { port } = server.address() as AddressInfo;
    const client = startProgram('ssh', [
      ...['-N', '-F', '/dev/null', '-i', key, '-o', 'StrictHostKeyChecking=no', '-o', 'BatchMode=yes'],
      ...['-o', 'UserKnownHostsFile=/dev/null', '-p', String(relay.ports.ssh)],
      ...['-R', `secure:443:127.0.0.1:${port}`, `${JSON.parse(made.body).token}@127.0.0.1`],
    ]);
    try {
      let found: { id: string; name: string } | undefined;
      await until(async () => {
        const { items } = JSON.parse((await owner.api('GET', '/api/devices?search=device-')).body);
        found = items[0];
        return items[0]?.services.length === 1;
      });
      const path = `/api/devices/${found?.id}/services/secure`;
      // By trying, a server at port 443 may well be taken for one of ours.
      expect((await owner.api('PATCH', path, { kind: 'tcp', passthrough: true })).status).toBe(200);
      const name = `secure--${found?.name}.home.localhost`;
      await until(async () => {
        const to = ['-connect', `127.0.0.1:${relay.ports.https}`, '-servername', name];
        const { stdout } = await runProgram('openssl', ['s_client', ...to], { input: '' });
        return stdout.includes('issuer=CN = Robot CA');
      });
    } finally {
      await client.stop();
    }
  });

  it('ends with the link, and says by an alert that the device is away', async () => {
    const client = await echo();
    const closed = closeOf(client);
    await device.agent.stop();
    await closed;
    const answer = await visit('/');
    expect([answer.exit, answer.error]).toEqual([35, expect.stringContaining('alert internal error')]);
    await device.start();
    expect((await visit('/')).status).toBe(200);
  });

  it('ends with the device', async () => {
    const client = await echo();
    const closed = closeOf(client);
    expect((await owner.api('DELETE', `/api/devices/${device.id}`)).status).toBe(204);
    await closed;
    await until(async () => (await visit('/', [], relay.caFile)).status === 404);
  });
});
