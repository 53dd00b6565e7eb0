import type { ConsentAnswer } from '@porchlight/protocol/api';
import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import * as client from 'openid-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  begin,
  CALLBACK,
  commandLine,
  connect,
  discover,
  errorOf,
  NATIVE_CALLBACK,
  registered,
  type TestApp,
  TestBrowser,
  withToken,
} from './rig.ts';

const READ: ConsentAnswer = { allow: true, scopes: ['read'] };

describe('authorization code flow', () => {
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

  /** Each test is asked anew, whatever ann has answered before. */
  const beginAnew = (app: TestApp, params: Record<string, string>) =>
    begin(app, { prompt: 'consent', ...params });
  const me = async (token: string) => (await withToken(relay, token, 'localhost', '/api/me')).status;

  it.each(['http://127.0.0.1:45678/callback', 'http://127.0.0.1:1/callback', 'http://[::1]:50000/callback'])(
    'the command line comes back to any port of the loopback address: %s',
    async (redirect_uri) => {
      const tokens = await connect(
        new TestBrowser(relay, ann),
        cli,
        { redirect_uri, scope: 'openid offline_access read write shell manage' },
        { allow: true, scopes: ['read', 'write', 'shell', 'manage'] },
      );
      expect(tokens.access_token).toMatch(/^plo_[\w-]{43}$/);
      expect(tokens.refresh_token).toMatch(/^plr_[\w-]{43}$/);
      expect(tokens.scope).toBe('openid offline_access read write shell manage');
      expect(tokens.expires_in).toBe(3600);
      expect(tokens.claims()).toMatchObject({
        sub: ann.id,
        preferred_username: 'ann',
        aud: 'porchlight-cli',
      });
      const user = await client.fetchUserInfo(cli.config, tokens.access_token, ann.id);
      expect(user).toEqual({ sub: ann.id, preferred_username: 'ann' });
      expect(await me(tokens.access_token)).toBe(200);
    },
  );

  it.each([
    'http://127.0.0.1:45678/other',
    'http://localhost:45678/callback',
    'https://127.0.0.1:45678/callback',
    'http://127.0.0.1.evil.example/callback',
    'http://evil.example/callback',
    'http://x@127.0.0.1:45678/callback',
  ])(
    'a redirect address that is not registered is told to the person, never followed: %s',
    async (redirect_uri) => {
      const { url } = await begin(cli, { redirect_uri, scope: 'read' });
      const answer = await new TestBrowser(relay, ann).open(url);
      expect(answer.status).toBe(400);
      expect(answer.headers.location).toBeUndefined();
      expect(answer.headers['content-type']).toContain('text/html');
      expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'none'");
      const machine = await new TestBrowser(relay, ann).open(url, {
        headers: { accept: 'application/json' },
      });
      expect(JSON.parse(machine.body).error).toBe('invalid_redirect_uri');
    },
  );

  it('an unknown app and one that is gone are told to the person', async () => {
    const gone = await registered(relay, bob, { name: 'Gone', confidential: false });
    const { url } = await begin(gone, { scope: 'read' });
    await bob.api('DELETE', `/api/me/apps/${gone.id}`);
    const answer = await new TestBrowser(relay, ann).open(url);
    expect([answer.status, answer.headers.location]).toEqual([400, undefined]);
  });

  it('somebody who is not signed in signs in first, and comes back', async () => {
    const browser = new TestBrowser(relay);
    const { url, verifier, state } = await begin(page, { scope: 'read' });
    const asked = await browser.follow(url);
    const next = new URLSearchParams(asked.path.split('?')[1]).get('next');
    expect(next).toMatch(/^\/oauth\/sign-in\//);
    browser.signIn(ann);
    const back = await browser.allow(new URL(next ?? '', 'http://localhost'), READ);
    const tokens = await client.authorizationCodeGrant(page.config, back, {
      pkceCodeVerifier: verifier,
      expectedState: state,
    });
    expect(await me(tokens.access_token)).toBe(200);
  });

  it('a no is the RFC’s error, with state and issuer', async () => {
    const { url, verifier, state } = await beginAnew(web, { scope: 'read' });
    const back = await new TestBrowser(relay, ann).allow(url, { allow: false });
    expect(Object.fromEntries(back.searchParams)).toMatchObject({
      error: 'access_denied',
      state,
      iss: `http://localhost:${relay.port}`,
    });
    const grant = client.authorizationCodeGrant(web.config, back, {
      pkceCodeVerifier: verifier,
      expectedState: state,
    });
    expect(await errorOf(grant)).toBe('access_denied');
  });

  it('the client refuses an answer with another state, or of another issuer', async () => {
    const { url, verifier, state } = await beginAnew(web, { scope: 'read' });
    const back = await new TestBrowser(relay, ann).allow(url, READ);
    expect(back.searchParams.get('state')).toBe(state);
    const checks = { pkceCodeVerifier: verifier, expectedState: state };
    for (const [name, value] of [
      ['state', client.randomState()],
      ['iss', 'https://evil.example'],
    ] as const) {
      const mixedUp = new URL(back);
      mixedUp.searchParams.set(name, value);
      await expect(client.authorizationCodeGrant(web.config, mixedUp, checks)).rejects.toThrow();
    }
    expect((await client.authorizationCodeGrant(web.config, back, checks)).scope).toBe('read');
  });

  it('a public app has to use PKCE with S256; another may, and is then held to it', async () => {
    const browser = new TestBrowser(relay, ann);
    for (const without of [
      { code_challenge: '', code_challenge_method: '' },
      { code_challenge_method: 'plain' },
      { code_challenge_method: '' },
    ]) {
      const { url } = await beginAnew(page, { scope: 'read', ...without });
      for (const [name, value] of Object.entries(without)) if (value === '') url.searchParams.delete(name);
      const { away } = await browser.follow(url);
      expect([without, away?.searchParams.get('error')]).toEqual([without, 'invalid_request']);
    }
    const { url } = await beginAnew(web, { scope: 'read' });
    url.searchParams.delete('code_challenge');
    url.searchParams.delete('code_challenge_method');
    const back = await browser.allow(url, READ);
    const state = url.searchParams.get('state') ?? '';
    expect((await client.authorizationCodeGrant(web.config, back, { expectedState: state })).scope).toBe(
      'read',
    );
  });

  it('a wrong verifier, a missing one, and another redirect address get nothing', async () => {
    const browser = new TestBrowser(relay, ann);
    const tryWith = async (change: Record<string, string | undefined>) => {
      const { url, verifier } = await beginAnew(page, { scope: 'read' });
      const back = await browser.allow(url, READ);
      const body = new URLSearchParams({ grant_type: 'authorization_code', client_id: page.id });
      const sent = {
        code: back.searchParams.get('code'),
        redirect_uri: CALLBACK,
        code_verifier: verifier,
        ...change,
      };
      for (const [name, value] of Object.entries(sent)) if (typeof value === 'string') body.set(name, value);
      const answer = await fetch(page.config.serverMetadata().token_endpoint ?? '', { method: 'POST', body });
      return [answer.status, ((await answer.json()) as { error?: string }).error];
    };
    expect(await tryWith({})).toEqual([200, undefined]);
    expect(await tryWith({ code_verifier: client.randomPKCECodeVerifier() })).toEqual([400, 'invalid_grant']);
    expect(await tryWith({ code_verifier: undefined })).toEqual([400, 'invalid_grant']);
    expect(await tryWith({ redirect_uri: 'https://app.example/other' })).toEqual([400, 'invalid_grant']);
    expect(await tryWith({ code: 'x'.repeat(43) })).toEqual([400, 'invalid_grant']);
    expect(await tryWith({ client_id: cli.id })).toEqual([400, 'invalid_grant']);
    expect(await tryWith({ client_id: web.id })).toEqual([401, 'invalid_client']);
    expect(await tryWith({ grant_type: 'password' })).toEqual([400, 'unsupported_grant_type']);
  });

  it('a code that comes twice ends what the first time gave', async () => {
    const { url, verifier, state } = await beginAnew(page, { scope: 'openid offline_access read' });
    const back = await new TestBrowser(relay, ann).allow(url, READ);
    const checks = { pkceCodeVerifier: verifier, expectedState: state };
    const tokens = await client.authorizationCodeGrant(page.config, back, checks);
    expect(await me(tokens.access_token)).toBe(200);
    expect(await errorOf(client.authorizationCodeGrant(page.config, back, checks))).toBe('invalid_grant');
    expect(await me(tokens.access_token)).toBe(401);
    expect(await errorOf(client.refreshTokenGrant(page.config, tokens.refresh_token ?? ''))).toBe(
      'invalid_grant',
    );
  });

  it('of two that bring one code at the same moment none keeps a token', async () => {
    const { url, verifier, state } = await beginAnew(page, { scope: 'read' });
    const back = await new TestBrowser(relay, ann).allow(url, READ);
    const checks = { pkceCodeVerifier: verifier, expectedState: state };
    const both = await Promise.allSettled(
      [1, 2, 3].map(() => client.authorizationCodeGrant(page.config, back, checks)),
    );
    const got = both.filter((one) => one.status === 'fulfilled');
    expect(got.length).toBeLessThanOrEqual(1);
    for (const one of got) expect(await me(one.value.access_token)).toBe(401);
  });

  it('a code lives a minute', async () => {
    const { url, verifier, state } = await beginAnew(page, { scope: 'read' });
    const back = await new TestBrowser(relay, ann).allow(url, READ);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    const late = client.authorizationCodeGrant(page.config, back, {
      pkceCodeVerifier: verifier,
      expectedState: state,
    });
    expect(await errorOf(late)).toBe('invalid_grant');
  });

  it('a secret is asked for at the token endpoint, in either form, and can be changed without a gap', async () => {
    const app = await registered(relay, bob, { name: 'Rotating', confidential: true });
    const works = async (auth: client.ClientAuth) => {
      const config = await discover(relay, app.id, auth);
      const tokens = connect(
        new TestBrowser(relay, ann),
        { ...app, config },
        { scope: 'read', prompt: 'consent' },
        READ,
      );
      return tokens.then(
        () => 'works',
        (error: { error?: string; status?: number }) => error.error ?? error.status,
      );
    };
    const first = app.secret ?? '';
    expect(first).toMatch(/^pls_[\w-]{43}$/);
    expect(await works(client.ClientSecretBasic(first))).toBe('works');
    expect(await works(client.ClientSecretPost(first))).toBe('works');
    expect(await works(client.ClientSecretPost('kept as hashes'))).toBe('invalid_client');
    expect(await works(client.None())).toBe('invalid_client');
    // RFC 6749 §5.2: with the challenge of the scheme that was used.
    expect(await works(client.ClientSecretBasic(`${first}x`))).toBe(401);

    const second = JSON.parse((await bob.api('POST', `/api/me/apps/${app.id}/secrets`)).body);
    expect((await bob.api('POST', `/api/me/apps/${app.id}/secrets`)).status).toBe(409);
    expect(await works(client.ClientSecretBasic(first))).toBe('works');
    expect(await works(client.ClientSecretBasic(second.secret))).toBe('works');
    const { secrets } = JSON.parse((await bob.api('GET', '/api/me/apps')).body).items.find(
      (one: { id: string }) => one.id === app.id,
    );
    expect(secrets).toHaveLength(2);
    const [old] = secrets.filter((one: { id: string }) => one.id !== second.id);
    expect(old.lastUsedAt).toEqual(expect.any(Number));
    expect((await bob.api('DELETE', `/api/me/apps/${app.id}/secrets/${old.id}`)).status).toBe(204);
    expect(await works(client.ClientSecretBasic(first))).toBe(401);
    expect(await works(client.ClientSecretBasic(second.secret))).toBe('works');
    expect((await bob.api('DELETE', `/api/me/apps/${app.id}/secrets/${second.id}`)).status).toBe(409);
  });

  it.each([
    ['', 'invalid_scope'],
    ['nothing-known', 'invalid_scope'],
    ['read device:UPPER', 'invalid_scope'],
    ['read device:a/b/c', 'invalid_scope'],
    [`read${' device:shed'.repeat(200)}`, 'invalid_scope'],
  ])('a scope that cannot be meant is refused: %.40s', async (scope, error) => {
    const { url } = await begin(page, { scope });
    const { away } = await new TestBrowser(relay, ann).follow(url);
    expect(away?.searchParams.get('error')).toBe(error);
  });

  it('prompt=none tells the app what the person would have to do', async () => {
    const app = await registered(relay, bob, { name: 'Silent', confidential: false });
    const ask = async (browser: TestBrowser) => {
      const { url } = await begin(app, { scope: 'read', prompt: 'none' });
      return (await browser.follow(url)).away?.searchParams;
    };
    expect((await ask(new TestBrowser(relay)))?.get('error')).toBe('login_required');
    const browser = new TestBrowser(relay, ann);
    expect((await ask(browser))?.get('error')).toBe('consent_required');
    await connect(browser, app, { scope: 'read' }, READ);
    expect((await ask(browser))?.get('code')).toEqual(expect.any(String));
    expect((await ask(new TestBrowser(relay, bob)))?.get('error')).toBe('consent_required');
  });

  it('prompt=login makes a person sign in again who is signed in already', async () => {
    const browser = new TestBrowser(relay, ann);
    // Sign-ins are told apart by the second: ann's was in another one.
    const second = Math.floor(Date.now() / 1000);
    await expect.poll(() => Math.floor(Date.now() / 1000)).not.toBe(second);
    const { url } = await begin(page, { scope: 'read', prompt: 'login' });
    const asked = await browser.follow(url);
    expect(asked.path).toMatch(/^\/sign-in\?next=/);
    const next = new URLSearchParams(asked.path.split('?')[1]).get('next') ?? '';
    expect((await browser.follow(next)).path).toMatch(/^\/sign-in\?next=/);
    const again = await relay.visit('localhost', '/api/sign-in', {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: `http://localhost:${relay.port}` },
      body: JSON.stringify({ name: 'ann', password: ann.password }),
    });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    browser.signIn({ ...ann, cookie: again.headers['set-cookie']?.[0]?.split(';')[0] ?? '' });
    const after = await browser.follow(next);
    expect(after.away?.searchParams.get('code') ?? after.path).toMatch(/^(\/oauth\/consent\/|[\w-]{43}$)/);
  });

  it('answers with a page that posts itself, where an app wants that', async () => {
    const { url } = await begin(web, { scope: 'read', response_mode: 'form_post', prompt: 'consent' });
    const browser = new TestBrowser(relay, ann);
    const { uid } = await browser.asked(url);
    const done = JSON.parse((await ann.api('POST', `/api/me/consents/${uid}`, READ)).body);
    const { answer } = await browser.follow(done.location);
    expect(answer.body).toContain(`action="${CALLBACK}"`);
    expect(answer.headers['content-security-policy']).toMatch(/script-src 'none' 'sha256-/);
  });

  it('native apps are asked about each time, for anybody can pretend to be one', async () => {
    const browser = new TestBrowser(relay, ann);
    const params = { redirect_uri: NATIVE_CALLBACK, scope: 'read' };
    await connect(browser, cli, params, READ);
    const { url } = await begin(cli, params);
    expect((await browser.asked(url)).body['scopes']).toEqual(['read']);
  });
});
