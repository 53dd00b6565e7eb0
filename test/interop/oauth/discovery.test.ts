import { connect as connectHttp2 } from 'node:http2';
import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { begin, CALLBACK, connect, registered, type TestApp, TestBrowser } from './rig.ts';

/** What discovery says (OpenID Connect Discovery §3, RFC 8414 §2), each part tried. */
describe('discovery tells the truth', () => {
  let relay: TestRelay;
  let ann: TestPerson;
  let app: TestApp;
  let told: client.ServerMetadata;

  beforeAll(async () => {
    relay = await startTestRelay();
    ann = await relay.person('ann');
    app = await registered(relay, ann, { name: 'Truth', confidential: true });
    told = app.config.serverMetadata();
  });
  afterAll(() => relay.close());

  const post = (url: string | undefined, form: Record<string, string> = {}) =>
    fetch(url ?? '', { method: 'POST', body: new URLSearchParams(form) });

  it('both documents say the same, and name an issuer that is this relay', async () => {
    const documents = await Promise.all(
      ['openid-configuration', 'oauth-authorization-server'].map(async (name) => {
        const answer = await relay.visit('localhost', `/.well-known/${name}`);
        expect(answer.headers['access-control-allow-origin']).toBe('*');
        return JSON.parse(answer.body);
      }),
    );
    expect(documents[0]).toEqual(documents[1]);
    expect(told.issuer).toBe(`http://localhost:${relay.port}`);
    for (const [name, value] of Object.entries(documents[0])) {
      if (/_(endpoint|uri)$/.test(name))
        expect([name, new URL(String(value)).origin]).toEqual([name, told.issuer]);
    }
  });

  it('says nothing else whatever Host a proxy or visitor names', async () => {
    const answer = await relay.visit('localhost', '/.well-known/openid-configuration', {
      headers: {
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
        forwarded: 'host=evil.example',
      },
    });
    expect(JSON.parse(answer.body)).toEqual(JSON.parse(JSON.stringify(told)));
  });

  it('says the same on the other port, over HTTP/2 and TLS', async () => {
    const session = connectHttp2(`https://localhost:${relay.relay.ports.https}`, {
      rejectUnauthorized: false,
    });
    const stream = session.request({ ':path': '/.well-known/openid-configuration' });
    let body = '';
    for await (const chunk of stream.setEncoding('utf8')) body += String(chunk);
    session.close();
    expect(JSON.parse(body)).toEqual(JSON.parse(JSON.stringify(told)));
  });

  it('every endpoint is there', async () => {
    expect((await fetch(told.jwks_uri ?? '')).status).toBe(200);
    for (const [endpoint, form] of [
      [told.token_endpoint, {}],
      [told.device_authorization_endpoint, {}],
      [told.revocation_endpoint, { token: 'x' }],
      [told.introspection_endpoint, { token: 'x' }],
    ] as const) {
      const answer = await post(endpoint, form);
      expect([endpoint, answer.status]).toEqual([endpoint, 400]);
      expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
    }
    expect((await fetch(told.userinfo_endpoint ?? '')).status).toBe(401);
    const page = await new TestBrowser(relay, ann).open(told.authorization_endpoint ?? '');
    expect(page.status).toBe(400);
  });

  it('keys are public halves only, and one of them signs', async () => {
    const { keys } = (await (await fetch(told.jwks_uri ?? '')).json()) as { keys: Record<string, string>[] };
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      expect(key).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig', kid: expect.any(String) });
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(key).not.toHaveProperty(secret);
    }
    const nonce = client.randomNonce();
    const { url, verifier, state } = await begin(app, { scope: 'openid', nonce });
    const back = await new TestBrowser(relay, ann).allow(url, { allow: true, scopes: [] });
    client.enableNonRepudiationChecks(app.config);
    const tokens = await client.authorizationCodeGrant(app.config, back, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
    });
    for (const claim of Object.keys(tokens.claims() ?? {})) {
      expect([...(told.claims_supported ?? []), 'aud', 'exp', 'iat', 'nonce']).toContain(claim);
    }
    const header = JSON.parse(Buffer.from(tokens.id_token?.split('.')[0] ?? '', 'base64url').toString());
    expect([keys.map(({ kid }) => kid), told.id_token_signing_alg_values_supported]).toEqual([
      expect.arrayContaining([header.kid]),
      [header.alg],
    ]);
  });

  it('every scope that is told can be granted', async () => {
    expect(told.scopes_supported).toEqual(['openid', 'offline_access', 'read', 'write', 'shell', 'manage']);
    const scope = told.scopes_supported?.join(' ') ?? '';
    const answer = { allow: true as const, scopes: ['read', 'write', 'shell', 'manage'] as never };
    expect((await connect(new TestBrowser(relay, ann), app, { scope }, answer)).scope).toBe(scope);
  });

  it('what is not told is not done', async () => {
    expect(told.response_types_supported).toEqual(['code']);
    expect(told.code_challenge_methods_supported).toEqual(['S256']);
    expect(told.grant_types_supported).toEqual([
      'authorization_code',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code',
    ]);
    const browser = new TestBrowser(relay, ann);
    for (const response_type of ['token', 'id_token', 'code id_token', 'none']) {
      const { url } = await begin(app, { scope: 'openid read', response_type, nonce: 'x' });
      const { away } = await browser.follow(url);
      const said = away?.searchParams.get('error') ?? new URLSearchParams(away?.hash.slice(1)).get('error');
      expect([response_type, said]).toEqual([response_type, 'unsupported_response_type']);
    }
    for (const grant_type of ['password', 'client_credentials', 'implicit']) {
      const answer = await post(told.token_endpoint, {
        grant_type,
        client_id: app.id,
        client_secret: app.secret ?? '',
        username: 'ann',
        password: ann.password,
      });
      expect([grant_type, (await answer.json()) as object]).toEqual([
        grant_type,
        expect.objectContaining({ error: 'unsupported_grant_type' }),
      ]);
    }
    for (const path of [
      '/oauth/registration',
      '/reg',
      '/oauth/end_session',
      '/session/end',
      '/request',
      '/oauth/par',
    ]) {
      const answer = await relay.visit('localhost', path, { method: 'POST' });
      expect([path, answer.status]).toEqual([path, 404]);
    }
  });

  it.each(['query', 'fragment', 'form_post'])('an answer comes by %s', async (mode) => {
    expect(told.response_modes_supported).toContain(mode);
    const { url } = await begin(app, { scope: 'openid', response_mode: mode });
    const browser = new TestBrowser(relay, ann);
    const { away, answer } = await browser.follow(url);
    const where = mode === 'query' ? away?.search : mode === 'fragment' ? away?.hash : answer.body;
    expect(where).toMatch(/code/);
    if (mode === 'form_post') expect(answer.body).toContain(`action="${CALLBACK}"`);
  });
});
