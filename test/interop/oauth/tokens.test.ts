import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import * as client from 'openid-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  begin,
  commandLine,
  connect,
  discover,
  errorOf,
  registered,
  type TestApp,
  TestBrowser,
  withToken,
} from './rig.ts';

describe('tokens of apps', () => {
  let relay: TestRelay;
  let ann: TestPerson;
  let bob: TestPerson;
  let cli: TestApp;
  let web: TestApp;
  let page: TestApp;

  beforeAll(async () => {
    relay = await startTestRelay();
    ann = await relay.person('ann');
    bob = await relay.person('bob');
    cli = await commandLine(relay);
    web = await registered(relay, bob, { name: 'Weather wall', confidential: true });
    page = await registered(relay, bob, { name: 'Weather page', confidential: false });
  });
  afterAll(() => relay.close());
  afterEach(() => vi.useRealTimers());

  const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
  const asked = { scope: 'offline_access read write', prompt: 'consent' };
  const allow = (app: TestApp, person = ann) =>
    connect(new TestBrowser(relay, person), app, asked, { allow: true, scopes: ['read', 'write'] });
  const me = (token: string) => withToken(relay, token, 'localhost', '/api/me');
  const refresh = (app: TestApp, token: string | undefined, scope?: string) =>
    client.refreshTokenGrant(app.config, token ?? '', scope === undefined ? {} : { scope });

  it('a refresh token is changed at each use, and the app goes on', async () => {
    let tokens = await allow(page);
    const seen = new Set([tokens.refresh_token]);
    for (let round = 0; round < 3; round++) {
      tokens = await refresh(page, tokens.refresh_token);
      expect(seen.has(tokens.refresh_token)).toBe(false);
      seen.add(tokens.refresh_token);
      expect((await me(tokens.access_token)).status).toBe(200);
    }
  });

  it('a refresh token that comes twice ends all that came of it', async () => {
    const first = await allow(page);
    const second = await refresh(page, first.refresh_token);
    expect((await me(second.access_token)).status).toBe(200);
    expect(await errorOf(refresh(page, first.refresh_token))).toBe('invalid_grant');
    for (const token of [first.access_token, second.access_token]) {
      expect((await me(token)).status).toBe(401);
    }
    expect(await errorOf(refresh(page, second.refresh_token))).toBe('invalid_grant');
    const entries = JSON.parse((await ann.api('GET', '/api/audit?action=app.revoked')).body).items;
    expect(entries[0]).toMatchObject({ actor: 'relay', target: 'Weather page', detail: { by: 'reuse' } });
  });

  it('a refresh token is its own app’s only', async () => {
    const tokens = await allow(web);
    expect(await errorOf(refresh(page, tokens.refresh_token))).toBe('invalid_grant');
    expect(await errorOf(refresh(page, 'plr_unknown'))).toBe('invalid_grant');
    expect((await refresh(web, tokens.refresh_token)).access_token).toMatch(/^plo_/);
  });

  it('a refresh may ask for less and gets less, never for more', async () => {
    const tokens = await allow(page);
    const less = await refresh(page, tokens.refresh_token, 'read');
    expect(less.scope).toBe('read');
    const list = await withToken(relay, less.access_token, 'localhost', '/api/devices');
    expect(list.status).toBe(200);
    expect(await errorOf(refresh(page, less.refresh_token, 'read manage'))).toBe('invalid_scope');
    expect((await refresh(page, less.refresh_token)).scope).toBe('offline_access read write');
  });

  it('without offline_access there is no refresh token', async () => {
    const tokens = await connect(
      new TestBrowser(relay, ann),
      page,
      { scope: 'read', prompt: 'consent' },
      {
        allow: true,
        scopes: ['read'],
      },
    );
    expect(tokens.refresh_token).toBeUndefined();
  });

  it('an app that was let in to come back gets a refresh token without asking again', async () => {
    const app = await registered(relay, bob, { name: 'Comes back', confidential: true });
    const browser = new TestBrowser(relay, ann);
    const params = { scope: 'offline_access read' };
    await connect(browser, app, params, { allow: true, scopes: ['read'] });
    const { url, verifier, state } = await begin(app, params);
    const { away } = await browser.follow(url);
    if (away === undefined) throw new Error('asked again');
    const checks = { pkceCodeVerifier: verifier, expectedState: state };
    const tokens = await client.authorizationCodeGrant(app.config, away, checks);
    expect(tokens.refresh_token).toMatch(/^plr_/);
  });

  it('an access token lives an hour; then the API says so as RFC 6750 wants', async () => {
    const tokens = await allow(page);
    expect((await me(tokens.access_token)).status).toBe(200);
    later(3600_000 + 1000);
    const late = await me(tokens.access_token);
    expect(late.status).toBe(401);
    expect(late.headers['www-authenticate']).toMatch(/^Bearer .*error="invalid_token"/);
    expect((await refresh(page, tokens.refresh_token)).access_token).toMatch(/^plo_/);
  });

  it('a refresh token that nobody uses for 90 days is no more', async () => {
    const tokens = await allow(page);
    later(90 * 24 * 3600_000 + 1000);
    expect(await errorOf(refresh(page, tokens.refresh_token))).toBe('invalid_grant');
  });

  it('a token of the API is refused for want of scope as RFC 6750 wants', async () => {
    const tokens = await allow(page);
    const answer = await withToken(relay, tokens.access_token, 'localhost', '/api/forwards');
    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toMatch(/error="insufficient_scope"/);
    const nobody = await relay.visit('localhost', '/api/me');
    expect(nobody.headers['www-authenticate']).not.toContain('error=');
  });

  it.each(['access_token', 'refresh_token'] as const)(
    'an app gives its tokens back by its %s',
    async (kind) => {
      const tokens = await allow(web);
      await client.tokenRevocation(web.config, tokens[kind] ?? '');
      expect((await me(tokens.access_token)).status).toBe(401);
      expect(await errorOf(refresh(web, tokens.refresh_token))).toBe('invalid_grant');
      // RFC 7009 §2.2: a token that is unknown by now is no error.
      await client.tokenRevocation(web.config, tokens[kind] ?? '');
    },
  );

  it('an app gives back no token of another', async () => {
    const tokens = await allow(web);
    await client.tokenRevocation(page.config, tokens.refresh_token ?? '');
    await client.tokenRevocation(page.config, tokens.access_token);
    expect((await me(tokens.access_token)).status).toBe(200);
  });

  it('a confidential app may ask about its own tokens, and about no others', async () => {
    const tokens = await allow(web);
    const own = await client.tokenIntrospection(web.config, tokens.access_token);
    expect(own).toMatchObject({
      active: true,
      client_id: web.id,
      sub: ann.id,
      scope: 'offline_access read write',
      token_type: 'Bearer',
    });
    expect((await client.tokenIntrospection(web.config, tokens.refresh_token ?? '')).active).toBe(true);
    const others = await allow(page);
    expect(await client.tokenIntrospection(web.config, others.access_token)).toEqual({ active: false });
    expect(await client.tokenIntrospection(page.config, others.access_token)).toEqual({ active: false });
    expect(await client.tokenIntrospection(cli.config, tokens.access_token)).toEqual({ active: false });
    expect(await client.tokenIntrospection(web.config, 'plo_unknown')).toEqual({ active: false });
    const wrong = await discover(relay, web.id, client.ClientSecretPost('pls_wrong'));
    expect(await errorOf(client.tokenIntrospection(wrong, tokens.access_token))).toBe('invalid_client');
    await client.tokenRevocation(web.config, tokens.access_token);
    expect(await client.tokenIntrospection(web.config, tokens.access_token)).toEqual({ active: false });
  });

  it('a page of its own origin redeems for a public app; no other page, and none for an app with a secret', async () => {
    const post = (app: TestApp, from: string) =>
      fetch(app.config.serverMetadata().token_endpoint ?? '', {
        method: 'POST',
        headers: { origin: from },
        body: new URLSearchParams({
          ...{ grant_type: 'refresh_token', refresh_token: 'plr_unknown', client_id: app.id },
          ...(app.secret === undefined ? {} : { client_secret: app.secret }),
        }),
      });
    const own = await post(page, 'https://app.example');
    expect([own.headers.get('access-control-allow-origin'), await own.json()]).toEqual([
      'https://app.example',
      expect.objectContaining({ error: 'invalid_grant' }),
    ]);
    for (const [app, from] of [
      [page, 'https://evil.example'],
      [page, 'null'],
      [web, 'https://app.example'],
    ] as const) {
      const other = await post(app, from);
      expect([from, other.headers.get('access-control-allow-origin')]).toEqual([from, null]);
      expect(await other.json()).toMatchObject({ error: 'invalid_request' });
    }
  });

  it('removing an app ends what everybody let it do', async () => {
    const app = await registered(relay, bob, { name: 'Short-lived', confidential: false });
    const ofAnn = await allow(app);
    const ofBob = await allow(app, bob);
    expect((await ann.api('DELETE', `/api/me/apps/${app.id}`)).status).toBe(404);
    expect((await bob.api('DELETE', `/api/me/apps/${app.id}`)).status).toBe(204);
    for (const tokens of [ofAnn, ofBob]) {
      expect((await me(tokens.access_token)).status).toBe(401);
      expect(await errorOf(refresh(app, tokens.refresh_token))).toBe('invalid_client');
    }
    const grants = JSON.parse((await ann.api('GET', '/api/me/app-grants')).body).items;
    expect(grants.map((one: { app: { id: string } }) => one.app.id)).not.toContain(app.id);
  });

  it('neither codes nor tokens nor secrets are in the database or the audit', async () => {
    const tokens = await allow(web);
    const files = await Promise.all(
      ['porchlight.db', 'porchlight.db-wal'].map((name) =>
        readFile(join(relay.data, name), 'latin1').catch(() => ''),
      ),
    );
    const kept = files.join('');
    expect(kept.length).toBeGreaterThan(10_000);
    expect(kept).toContain('Weather wall');
    for (const secret of [tokens.access_token, tokens.refresh_token ?? '', web.secret ?? '']) {
      expect(secret.length).toBe(47);
      expect(kept).not.toContain(secret);
    }
    expect((await ann.api('GET', '/api/audit')).body).not.toMatch(/pl[ors]_/);
  });
});
