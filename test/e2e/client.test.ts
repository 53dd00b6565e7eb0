import { createHash, randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, PorchlightError } from '@porchlight/client';
import { TcpDuplex } from '@porchlight/client/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeToken, startHome } from './client-rig.ts';

let home: Awaited<ReturnType<typeof startHome>>;
beforeAll(async () => {
  home = await startHome();
});
afterAll(() => home.close());

/** The error that something ends with. */
async function failure(promise: Promise<unknown>): Promise<PorchlightError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof PorchlightError) return error;
  throw new Error('no PorchlightError was thrown', { cause: error });
}

describe('the API through the client', () => {
  it('lists, finds and changes devices, and tells who one is', async () => {
    const { api } = await home.client();
    expect((await api.me()).account.name).toBe('alice');
    const found = await api.devices.byName('shed');
    expect(found.services.map(({ name }) => name).sort()).toEqual(['echo', 'web']);
    expect((await api.devices.list({ search: 'she' })).items).toHaveLength(1);
    expect((await api.devices.change(found.id, { tags: ['garden'] })).tags).toEqual(['garden']);
    expect((await api.services.probe(found.id, 'web')).ok).toBe(true);
    expect((await api.devices.health(found.id)).uptime).toBeGreaterThan(0);
    expect((await api.devices.readings(found.id)).readings).toEqual([]);
    const entries = [];
    for await (const entry of api.audit.all({ deviceId: found.id })) entries.push(entry.action);
    expect(entries).toContain('device.tagged');
  });

  it('opens and ends forwards, and sees them in the live events', async () => {
    const { api } = await home.client();
    const leaving = new AbortController();
    const kinds: string[] = [];
    const forwards: string[] = [];
    const watching = (async () => {
      for await (const event of api.watch({ signal: leaving.signal })) {
        kinds.push(event.type);
        if (event.type === 'open')
          forwards.push((await api.forwards.open(home.device.id, { service: 'echo' })).id);
        if (event.type === 'forward') await api.forwards.close(event.forward.id);
        if (event.type === 'forward-ended') leaving.abort();
      }
    })();
    await watching;
    expect(kinds).toEqual(expect.arrayContaining(['open', 'forward', 'forward-ended']));
    expect(forwards).toHaveLength(1);
    expect(await api.forwards.list({ device: home.device.id })).toEqual([]);
  });

  it('says what is wrong: scope, grant, token, name, relay', async () => {
    const reader = await home.client({ scopes: ['read'] });
    const missing = await failure(reader.api.devices.change(home.device.id, { tags: [] }));
    expect([missing.code, missing.detail['scope']]).toEqual(['scope_missing', 'manage']);
    expect(missing.hint).not.toBe('');
    const narrowed = await home.client({
      scopes: ['read'],
      devices: [{ id: home.device.id, services: ['echo'] }],
    });
    expect((await narrowed.api.devices.get(home.device.id)).services).toHaveLength(1);
    expect((await failure(narrowed.api.services.probe(home.device.id, 'web'))).code).toBe('not_found');
    expect((await failure(narrowed.device('shed').service('web').fetch('/'))).code).toBe('service_unknown');
    const wrong = new Client({ relay: home.origin, token: 'plt_wrong' });
    expect((await failure(wrong.api.me())).code).toBe('token_invalid');
    expect((await failure(reader.api.devices.byName('nowhere'))).code).toBe('not_found');
    const away = new Client({ relay: 'http://127.0.0.1:1', token: 'plt_x' });
    const error = await failure(away.api.me());
    expect([error.code, error.retry, error.cause instanceof Error]).toEqual([
      'relay_unreachable',
      true,
      true,
    ]);
  });
});

describe('fetch through the relay', () => {
  it('sends method, body and path, and the device never sees the token', async () => {
    const client = await home.client();
    const web = client.device('shed').service('web');
    expect(web.route).toBeUndefined();
    const answer = await web.fetch('/a?b=1', { method: 'POST', body: 'hello' });
    const told = (await answer.json()) as {
      method: string;
      url: string;
      body: string;
      headers: Record<string, string>;
    };
    expect(told).toMatchObject({ method: 'POST', url: '/a?b=1', body: 'hello' });
    expect(told.headers['authorization']).toBeUndefined();
    expect(told.headers['x-porchlight-person']).toBe('alice');
    expect(web.route).toEqual({ kind: 'relay', reason: 'the service is not open on the LAN' });
    expect((await web.fetch('/missing')).status).toBe(404);
  });

  it('refuses a path that is another address, and a header that the relay needs', async () => {
    const web = (await home.client()).device('shed').service('web');
    for (const path of ['//evil.example/', 'https://evil.example/', 'x', '/\\evil.example']) {
      expect((await failure(web.fetch(path))).code).toBe('bad_request');
    }
    expect((await failure(web.fetch('/', { headers: { authorization: 'Bearer own' } }))).code).toBe(
      'bad_request',
    );
    const none = (await home.client()).device('shed').service('none');
    expect((await failure(none.fetch('/'))).code).toBe('service_unknown');
  });

  it('a token that only reads may not write', async () => {
    const web = (await home.client({ scopes: ['read'] })).device('shed').service('web');
    expect((await web.fetch('/')).status).toBe(200);
    const error = await failure(web.fetch('/', { method: 'POST', body: 'x' }));
    expect([error.code, error.detail['scope']]).toEqual(['scope_missing', 'write']);
    expect((await failure(web.webSocket('/ws'))).code).toBe('scope_missing');
  });

  it('opens a WebSocket, with and without subprotocols of its own', async () => {
    const web = (await home.client()).device('shed').service('web');
    for (const protocols of [[], ['chat']]) {
      const socket = await web.webSocket('/ws', { protocols });
      const answer = new Promise((resolve) => {
        socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => resolve(data));
      });
      socket.send('hi');
      expect(await answer).toBe('/ws hi');
      socket.close();
    }
  });
});

describe('a device with rules of its own', () => {
  it('says that it was the device that refused', async () => {
    const policy = join(home.device.dataFolder, 'policy');
    await writeFile(policy, 'service web\n  deny * /secret\n  allow * /**\n', { mode: 0o600 });
    await home.device.agent.reload();
    try {
      const web = (await home.client()).device('shed').service('web');
      const error = await failure(web.fetch('/secret'));
      expect([error.code, error.status, error.retry]).toEqual(['denied_by_device', 403, false]);
      expect((await web.fetch('/open')).status).toBe(200);
    } finally {
      await rm(policy);
      await home.device.agent.reload();
    }
  });
});

describe('TCP through the relay', () => {
  it('carries megabytes both ways, whole, with half-close', async () => {
    const client = await home.client();
    const connection = await client.device('shed').connect('echo');
    const sent = randomBytes(6 * 1024 * 1024);
    const writing = (async () => {
      const writer = connection.writable.getWriter();
      for (let at = 0; at < sent.length; at += 100_000) await writer.write(sent.subarray(at, at + 100_000));
      await writer.close();
    })();
    const got = createHash('sha256');
    for await (const bytes of connection.readable) got.update(bytes);
    await writing;
    expect(got.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'));
    await connection.closed;
  });

  it('a reader that does not read stops the writer', async () => {
    const client = await home.client();
    const tunnel = await client.device('shed').tunnel('echo');
    const piece = new Uint8Array(64 * 1024);
    let written = 0;
    const writing = (async () => {
      for (; written < 64 * 1024 * 1024; written += piece.length) await tunnel.write(piece);
    })();
    const cut = failure(writing);
    // It stands still once every buffer on the way is full: nothing new passes while others come and go.
    let before = -1;
    const settled = async (): Promise<boolean> => {
      await client.api.me();
      const same = written === before;
      before = written;
      return same && written > 0;
    };
    for (let still = 0; still < 20; ) still = (await settled()) ? still + 1 : 0;
    expect(written).toBeLessThan(48 * 1024 * 1024);
    let read = 0;
    while (read < before) read += (await tunnel.read())?.length ?? 0;
    tunnel.destroy();
    expect((await cut).code).toBe('service_unreachable');
  });

  it('is a Node stream too', async () => {
    const client = await home.client();
    const stream = new TcpDuplex(await client.device('shed').tunnel('echo'));
    stream.end('ping');
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('ping');
  });

  it('ends with its token, and says so', async () => {
    const { id, token } = await makeToken(home.alice);
    const client = new Client({ relay: home.origin, token });
    const tunnel = await client.device('shed').tunnel('echo');
    const socket = await client.device('shed').service('web').webSocket('/ws');
    const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
    const reading = failure(tunnel.read());
    await home.alice.api('DELETE', `/api/me/access-tokens/${id}`);
    expect((await reading).code).toBe('token_invalid');
    await closed;
    const web = client.device('shed').service('web');
    expect((await failure(web.fetch('/'))).code).toBe('token_invalid');
    expect((await failure(client.device('shed').connect('echo'))).code).toBe('token_invalid');
    expect((await failure(web.webSocket('/ws'))).code).toBe('token_invalid');
  });

  it('says why it cannot: scope, service, a web service', async () => {
    const reader = await home.client({ scopes: ['read', 'write'] });
    expect((await failure(reader.device('shed').connect('echo'))).code).toBe('scope_missing');
    const client = await home.client();
    expect((await failure(client.device('shed').connect(5))).code).toBe('service_unknown');
    expect((await failure(client.device('shed').connect('web'))).code).toBe('bad_request');
    expect((await failure(client.device('shed').service('echo').fetch('/'))).code).toBe('bad_request');
  });
});

describe('a device that is away', () => {
  it('says since when, in every way of reaching it', async () => {
    const before = Date.now();
    const client = await home.client();
    const device = client.device('shed');
    await device.info();
    await home.device.stop();
    try {
      for (const attempt of [
        () => device.service('web').fetch('/'),
        () => device.service('web').webSocket('/ws'),
        () => device.connect('echo'),
      ]) {
        const error = await failure(attempt());
        expect(error.code).toBe('device_offline');
        expect(error.detail['offlineSince']).toBeGreaterThanOrEqual(before);
        expect(error.retry).toBe(true);
      }
    } finally {
      await home.device.start();
    }
    expect((await device.service('web').fetch('/')).status).toBe(200);
  });
});
