import { createHash } from 'node:crypto';
import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import * as client from 'openid-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { commandLine, type TestApp, withToken } from './rig.ts';

describe('device codes', () => {
  let relay: TestRelay;
  let ann: TestPerson;
  let cli: TestApp;

  beforeAll(async () => {
    relay = await startTestRelay();
    ann = await relay.person('ann');
    cli = await commandLine(relay);
  });
  afterAll(() => relay.close());
  afterEach(() => vi.useRealTimers());

  const start = (scope = 'offline_access read shell') =>
    client.initiateDeviceAuthorization(cli.config, { scope });
  /** One question of the waiting program. */
  async function poll(deviceCode: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const answer = await fetch(cli.config.serverMetadata().token_endpoint ?? '', {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        device_code: deviceCode,
        client_id: cli.id,
      }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }

  it('a program without a browser is let in by the code that it shows', async () => {
    const started = await start();
    expect(started.user_code).toMatch(/^[B-Z]{4}-[B-Z]{4}$/);
    expect(started.verification_uri).toBe(`http://localhost:${relay.port}/oauth/device`);
    expect(started.verification_uri_complete).toBe(
      `${started.verification_uri}?user_code=${started.user_code}`,
    );
    expect([started.expires_in, started.interval]).toEqual([600, 5]);
    expect((await poll(started.device_code)).body['error']).toBe('authorization_pending');

    const typed = started.user_code.toLowerCase().replace('-', '');
    const wish = JSON.parse((await ann.api('GET', `/api/me/device-codes/${typed}`)).body);
    expect(wish).toMatchObject({
      app: { id: 'porchlight-cli', name: 'Porchlight command line' },
      scopes: ['read', 'shell'],
      lasting: true,
      askedFrom: '127.0.0.1',
    });
    const url = `/api/me/device-codes/${started.user_code}`;
    expect((await ann.api('POST', url, { allow: true, scopes: ['read'] })).status).toBe(204);
    // The person said less than was asked.
    const { status, body } = await poll(started.device_code);
    expect([status, body['scope']]).toEqual([200, 'offline_access read']);
    const token = String(body['access_token']);
    expect((await withToken(relay, token, 'localhost', '/api/me')).status).toBe(200);
    expect((await withToken(relay, token, 'localhost', '/api/forwards')).status).toBe(403);

    // The code is used up for both sides.
    expect((await poll(started.device_code)).body['error']).toBe('invalid_grant');
    expect((await withToken(relay, token, 'localhost', '/api/me')).status).toBe(401);
    expect((await ann.api('GET', url)).status).toBe(404);
    expect((await ann.api('POST', url, { allow: true, scopes: ['read'] })).status).toBe(404);
  });

  it('openid-client’s own waiting ends with the tokens', async () => {
    const started = await start();
    await ann.api('POST', `/api/me/device-codes/${started.user_code}`, {
      allow: true,
      scopes: ['read', 'shell'],
    });
    const tokens = await client.pollDeviceAuthorizationGrant(cli.config, { ...started, interval: 0.01 });
    expect(tokens.scope).toBe('offline_access read shell');
    expect((await client.refreshTokenGrant(cli.config, tokens.refresh_token ?? '')).access_token).toMatch(
      /^plo_/,
    );
  });

  it('a no is access_denied', async () => {
    const started = await start();
    expect(
      (await ann.api('POST', `/api/me/device-codes/${started.user_code}`, { allow: false })).status,
    ).toBe(204);
    expect((await poll(started.device_code)).body['error']).toBe('access_denied');
  });

  it('a code lives ten minutes, for both sides', async () => {
    const started = await start();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 });
    expect((await poll(started.device_code)).body['error']).toBe('expired_token');
    expect((await ann.api('GET', `/api/me/device-codes/${started.user_code}`)).status).toBe(404);
  });

  it('who asks too often is told to slow down', async () => {
    const started = await start();
    expect((await poll(started.device_code)).body['error']).toBe('authorization_pending');
    expect((await poll(started.device_code)).body['error']).toBe('slow_down');
  });

  it('only the program that has the code gets the tokens, and no hash stands for it', async () => {
    const started = await start();
    await ann.api('POST', `/api/me/device-codes/${started.user_code}`, { allow: true, scopes: ['read'] });
    const hash = createHash('sha256').update(started.device_code).digest('hex');
    for (const guess of [hash, `by-hash:${hash}`, started.user_code]) {
      expect((await poll(guess)).body['error']).toBe('invalid_grant');
    }
    expect((await poll(started.device_code)).status).toBe(200);
  });

  it.each(['', 'nothing-known', 'read device:UPPER'])(
    'a scope that cannot be meant is refused: %s',
    async (scope) => {
      await expect(start(scope)).rejects.toMatchObject({ error: 'invalid_scope' });
    },
  );

  it('what waits for people is bounded: one address makes so many codes and no more', async () => {
    let refused: Response | undefined;
    for (let n = 0; n < 100 && refused === undefined; n++) {
      const answer = await fetch(cli.config.serverMetadata().device_authorization_endpoint ?? '', {
        method: 'POST',
        body: new URLSearchParams({ client_id: cli.id, scope: 'read' }),
      });
      if (answer.status === 429) refused = answer;
    }
    expect(refused?.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await refused?.json()).toMatchObject({ error: 'temporarily_unavailable' });
  });
});
