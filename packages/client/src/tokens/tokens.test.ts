import { expect, it } from 'vitest';
import type { OAuthServer } from '../sign-in/index.ts';
import { memoryStore, OAuthTokens, parseStoredTokens, type StoredTokens } from './index.ts';

const NOW = 1_000_000;
const tokens: StoredTokens = {
  accessToken: 'a1',
  refreshToken: 'r1',
  expiresAt: NOW + 30_000,
  scope: 'read',
};

function serverWith(answer: (form: URLSearchParams) => Promise<Response>): OAuthServer {
  return {
    issuer: 'https://relay.example',
    clientId: 'me',
    fetch: (_url, init) => answer(new URLSearchParams(init.body as string)),
    endpoints: {
      authorize: '',
      token: 'https://relay.example/oauth/token',
      device: undefined,
      revoke: undefined,
    },
  };
}

const fresh = async (): Promise<Response> =>
  Response.json({ access_token: 'a2', refresh_token: 'r2', token_type: 'bearer', expires_in: 3600 });

it('a token that is about to end is refreshed once for all, and what is granted is remembered', async () => {
  const forms: string[] = [];
  const store = memoryStore(tokens);
  const server = serverWith((form) => {
    forms.push(form.toString());
    return fresh();
  });
  const source = new OAuthTokens({ server, store, now: () => NOW });
  expect(await Promise.all([source.token(), source.token(), source.token()])).toEqual(['a2', 'a2', 'a2']);
  expect(forms).toEqual(['client_id=me&grant_type=refresh_token&refresh_token=r1']);
  expect(await store.load()).toEqual({
    accessToken: 'a2',
    refreshToken: 'r2',
    expiresAt: NOW + 3_600_000,
    scope: 'read',
  });
});

it('while the relay is away a token is used to its end', async () => {
  let now = NOW;
  const server = serverWith(() => Promise.reject(new TypeError('fetch failed')));
  const source = new OAuthTokens({ server, store: memoryStore(tokens), now: () => now });
  expect(await source.token()).toBe('a1');
  now += 30_001;
  await expect(source.token()).rejects.toMatchObject({ code: 'relay_unreachable' });
});

it('a sign-in that has ended says so, and does not ask again and again in vain', async () => {
  const server = serverWith(async () => Response.json({ error: 'invalid_grant' }, { status: 400 }));
  const source = new OAuthTokens({ server, store: memoryStore(tokens), now: () => NOW });
  await expect(source.token()).rejects.toMatchObject({
    code: 'token_invalid',
    detail: { oauth: 'invalid_grant' },
  });
  const nobody = new OAuthTokens({ server, store: memoryStore(), now: () => NOW });
  await expect(nobody.token()).rejects.toMatchObject({ code: 'not_signed_in' });
});

it('an answer without a token that can be used is none', async () => {
  for (const body of [
    {},
    { access_token: 'x', token_type: 'mac', expires_in: 1 },
    { access_token: 'x', token_type: 'bearer' },
  ]) {
    const server = serverWith(async () => Response.json(body));
    const source = new OAuthTokens({
      server,
      store: memoryStore({ ...tokens, expiresAt: NOW }),
      now: () => NOW,
    });
    await expect(source.token()).rejects.toMatchObject({ code: 'bad_answer' });
  }
});

it('what a store has kept is read, or is nothing', () => {
  expect(parseStoredTokens(JSON.stringify(tokens))).toEqual(tokens);
  for (const text of ['', '[]', 'null', '{"accessToken":1}', '{"accessToken":"x"}']) {
    expect(parseStoredTokens(text)).toBeUndefined();
  }
});
