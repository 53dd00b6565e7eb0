import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  beginCodeFlow,
  Client,
  findOAuthServer,
  memoryStore,
  type OAuthServer,
  OAuthTokens,
  PorchlightError,
  revokeTokens,
  signInWithCode,
} from '@porchlight/client';
import { fileStore, signInWithBrowser } from '@porchlight/client/node';
import type { ConsentAnswer } from '@porchlight/protocol/api';
import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestBrowser } from '../interop/oauth/rig.ts';

const ALLOW: ConsentAnswer = { allow: true, scopes: ['read', 'write'] };
let relay: TestRelay;
let ann: TestPerson;
let origin: string;
let server: OAuthServer;

beforeAll(async () => {
  relay = await startTestRelay();
  ann = await relay.person('ann');
  origin = `http://localhost:${relay.port}`;
  server = await findOAuthServer({ relay: origin });
});
afterAll(() => relay.close());

/** Lets the person's browser go where the program sends it, and come back to the program's port. */
async function allowed(url: string): Promise<void> {
  const back = await new TestBrowser(relay, ann).allow(new URL(url), ALLOW);
  const page = await fetch(back);
  expect([page.status, await page.text()]).toEqual([200, 'You are signed in. This page can be closed.']);
}

const signIn = () => signInWithBrowser({ relay: origin, open: (url) => void allowed(url) });

describe('signing in', () => {
  it('by a browser that comes back to a port of this machine', async () => {
    const tokens = await signIn();
    expect(tokens.accessToken).toMatch(/^plo_/);
    expect(tokens.refreshToken).toMatch(/^plr_/);
    const source = new OAuthTokens({ server, store: memoryStore(tokens) });
    expect((await new Client({ relay: origin, token: source }).api.me()).account.name).toBe('ann');
  });

  it('a page that asks the port of a sign-in neither ends it nor passes for its answer', async () => {
    const tokens = await signInWithBrowser({
      relay: origin,
      async open(url) {
        const callback = new URL(url).searchParams.get('redirect_uri') ?? '';
        for (const query of ['', '?code=x', '?code=x&state=guessed', '?error=access_denied&state=']) {
          const answer = await fetch(callback + query);
          expect([answer.status, await answer.text()]).toEqual([404, 'There is nothing here.']);
        }
        void allowed(url);
      },
    });
    expect(tokens.accessToken).toMatch(/^plo_/);
  });

  it('by an address that the person pastes', async () => {
    const tokens = await signInWithBrowser({
      relay: origin,
      open: () => undefined,
      pasted: (async () => {
        const flow = await beginCodeFlow(server, { redirectUri: 'http://127.0.0.1:1/callback' });
        return (await new TestBrowser(relay, ann).allow(new URL(flow.url), ALLOW)).href;
      })(),
    }).catch((error: unknown) => error);
    // It belongs to another sign-in: nobody may finish one that somebody else began.
    expect(tokens).toMatchObject({ code: 'bad_request' });

    const flow = await beginCodeFlow(server, { redirectUri: 'http://127.0.0.1:1/callback', scope: 'read' });
    const back = await new TestBrowser(relay, ann).allow(new URL(flow.url), {
      allow: true,
      scopes: ['read'],
    });
    expect((await flow.finish(`  ${back.href}\n`)).accessToken).toMatch(/^plo_/);
    await expect(flow.finish(back.href)).rejects.toMatchObject({ code: 'token_invalid' });
    await expect(flow.finish('nonsense')).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('by a code that is typed in elsewhere; the person may say no', async () => {
    const answers = [true, false];
    const run = () =>
      signInWithCode(server, {
        scope: 'read offline_access',
        wait: () => Promise.resolve(),
        onCode({ code, url }) {
          expect(url).toBe(`${origin}/oauth/device`);
          const body = answers.shift() === true ? { allow: true, scopes: ['read'] } : { allow: false };
          void ann.api('POST', `/api/me/device-codes/${code}`, body);
        },
      });
    expect((await run()).accessToken).toMatch(/^plo_/);
    await expect(run()).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('the person says no in the browser', async () => {
    const refused = signInWithBrowser({
      relay: origin,
      async open(url) {
        void fetch(await new TestBrowser(relay, ann).allow(new URL(url), { allow: false }));
      },
    });
    await expect(refused).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('a place that is no relay, or one that is away, says so', async () => {
    await expect(findOAuthServer({ relay: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'relay_unreachable',
    });
    const html = async () => new Response('<html>', { status: 200 });
    await expect(findOAuthServer({ relay: origin, fetch: html })).rejects.toMatchObject({
      code: 'bad_answer',
    });
  });
});

describe('tokens of a sign-in', () => {
  it('are refreshed before their end, once for many callers, and by one program at a time', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'porchlight-tokens-'));
    try {
      const path = join(folder, 'inner', 'tokens.json');
      const first = await signIn();
      await fileStore(path).save(first);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await stat(join(folder, 'inner'))).mode & 0o777).toBe(0o700);
      let asked = 0;
      const counting = {
        ...server,
        fetch: (input: string, init: RequestInit) => {
          asked += 1;
          return fetch(input, init);
        },
      };
      // Two programs, each with ten callers, half a minute before the token's end.
      const now = () => first.expiresAt - 30_000;
      const programs = [1, 2].map(
        () => new OAuthTokens({ server: counting, store: fileStore(path), now: () => Date.now() }),
      );
      const late = new OAuthTokens({ server: counting, store: fileStore(path), now });
      expect(await programs[0]?.token()).toBe(first.accessToken);
      expect(asked).toBe(0);
      const given = await Promise.all(Array.from({ length: 10 }, () => late.token()));
      expect([new Set(given).size, asked]).toEqual([1, 1]);
      expect(given[0]).not.toBe(first.accessToken);
      // The others hold the old token still; refused, they find what that one has stored.
      const renewed = await Promise.all(
        programs.flatMap((one) => [one.renew(first.accessToken), one.renew(first.accessToken)]),
      );
      expect([new Set(renewed), asked]).toEqual([new Set([given[0]]), 1]);
      expect(await readdir(join(folder, 'inner'))).toEqual(['tokens.json']);
      expect(JSON.parse(await readFile(path, 'utf8')).accessToken).toBe(given[0]);
      await chmod(path, 0o000);
      await fileStore(path).save(undefined);
      expect(await fileStore(path).load()).toBeUndefined();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('a token that ends under way is renewed, and the call is made again', async () => {
    const tokens = await signIn();
    const store = memoryStore({ ...tokens, accessToken: 'plo_ended' });
    const client = new Client({ relay: origin, token: new OAuthTokens({ server, store }) });
    expect((await client.api.me()).account.name).toBe('ann');
    expect((await store.load())?.accessToken).not.toBe('plo_ended');
  });

  it('are good for nothing once signed out', async () => {
    const tokens = await signIn();
    const client = new Client({
      relay: origin,
      token: new OAuthTokens({ server, store: memoryStore(tokens) }),
    });
    await client.api.me();
    await revokeTokens(server, tokens);
    const error = await client.api.me().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PorchlightError);
    expect(error).toMatchObject({ code: 'token_invalid' });
  });
});
