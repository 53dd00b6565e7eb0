import { FakeClock } from '@porchlight/testkit';
import { describe, expect, it } from 'vitest';
import { ANONYMOUS, type Identity, type ShareVisitor } from '../access/index.ts';
import { createEventBus, type RelayEvent } from '../events.ts';
import { cookieValue, Visitors } from './visitors.ts';

const HOST = 'web--robot.example.org';
const alice: Identity = {
  kind: 'session',
  accountId: 'a1',
  accountName: 'alice',
  role: 'member',
  sessionId: 's1',
};
const program: Identity = {
  kind: 'access-token',
  accountId: 'a1',
  accountName: 'alice',
  role: 'member',
  tokenId: 't1',
};

function setUp() {
  const clock = new FakeClock();
  const events = createEventBus((error) => {
    throw error;
  });
  const state = {
    ...{ session: true, token: true, asked: 0, hold: undefined as Promise<void> | undefined },
    share: undefined as ShareVisitor | undefined,
  };
  const visitors = new Visitors({
    clock,
    events,
    signOn: {
      readCookie: (value, host) =>
        value === `good@${host}` ? { accountId: 'a1', sessionId: 's1' } : undefined,
      readShareCookie: (value, host) => (value === `share@${host}` ? 'h1' : undefined),
    },
    shares: { visitor: async (id) => (id === 'h1' ? state.share : undefined) },
    identities: {
      async bySession() {
        state.asked += 1;
        const found = state.session ? alice : ANONYMOUS;
        await state.hold;
        return found;
      },
      async byAccessToken(token) {
        state.asked += 1;
        return state.token && token === 'plt_x' ? program : ANONYMOUS;
      },
    },
  });
  const ask = (headers: Record<string, string>, host = HOST) => visitors.identify({ headers }, host, true);
  const kind = async (headers: Record<string, string>, host = HOST) => (await ask(headers, host)).kind;
  return { clock, events, state, visitors, kind };
}

const COOKIE = { cookie: `a=b; __Host-porchlight-visit=good@${HOST}` };
const TOKEN = { authorization: 'Bearer plt_x' };

describe('who visits a published host', () => {
  it('nobody without a proof, at once', () => {
    const { visitors } = setUp();
    expect(visitors.known({ headers: { cookie: 'a=b' } }, HOST, true)).toBe(ANONYMOUS);
    expect(visitors.known({ headers: COOKIE }, HOST, true)).toBeUndefined();
  });

  it('is looked up once in a while', async () => {
    const { clock, kind, state } = setUp();
    for (let i = 0; i < 5; i += 1) expect(await kind(COOKIE)).toBe('session');
    expect(state.asked).toBe(1);
    await clock.advance(15_001);
    expect(await kind(COOKIE)).toBe('session');
    expect(state.asked).toBe(2);
  });

  it('a cookie of one host is nobody at another, also while it is known', async () => {
    const { kind } = setUp();
    expect(await kind(COOKIE)).toBe('session');
    expect(await kind(COOKIE, 'web--other.example.org')).toBe('anonymous');
  });

  it('the plain cookie counts for nothing over TLS', async () => {
    const { kind } = setUp();
    expect(await kind({ cookie: `porchlight-visit=good@${HOST}` })).toBe('anonymous');
  });

  it("with a wrong token of ours the cookie is not looked at; another's token is the device's affair", async () => {
    const { kind } = setUp();
    expect(await kind({ ...COOKIE, authorization: 'Bearer plt_wrong' })).toBe('anonymous');
    expect(await kind({ ...COOKIE, authorization: 'Bearer eyJhbGciOi' })).toBe('session');
    expect(await kind({ authorization: 'Bearer eyJhbGciOi' })).toBe('anonymous');
    expect(await kind({ ...COOKIE, authorization: 'Bearer' })).toBe('session');
    expect(await kind({ ...COOKIE, ...TOKEN })).toBe('access-token');
    expect(await kind({ ...COOKIE, authorization: 'Basic eDp5' })).toBe('session');
  });

  const REVOCATIONS: RelayEvent[] = [
    { type: 'sessions-ended', accountId: 'a1', sessionIds: ['s1'] },
    { type: 'access-token-revoked', accountId: 'a1', tokenId: 't1' },
    { type: 'account-changed', accountId: 'a1' },
    { type: 'account-removed', accountId: 'a1' },
  ];
  it.each(REVOCATIONS)('$type ends it at once', async (event) => {
    const { events, kind, state } = setUp();
    expect(await kind(COOKIE)).toBe('session');
    expect(await kind(TOKEN)).toBe('access-token');
    Object.assign(state, { session: false, token: false });
    events.publish(event);
    await Promise.resolve();
    expect(await kind(COOKIE)).toBe('anonymous');
    expect(await kind(TOKEN)).toBe('anonymous');
  });

  it('a lookup that was under way during a revocation lets nobody in', async () => {
    const { events, kind, state } = setUp();
    const { promise, resolve } = Promise.withResolvers<void>();
    state.hold = promise;
    const early = kind(COOKIE);
    Object.assign(state, { session: false, hold: undefined });
    events.publish({ type: 'sessions-ended', accountId: 'a1', sessionIds: ['s1'] });
    await Promise.resolve();
    resolve();
    expect(await early).toBe('anonymous');
    expect(await kind(COOKIE)).toBe('anonymous');
  });

  it('by a share link that was opened there, until it ends; a session goes before it', async () => {
    const { clock, events, kind, state } = setUp();
    state.share = {
      ...{ kind: 'share', accountId: 'a1', shareId: 'h1', deviceId: 'd1', service: 'web', scope: 'read' },
      ...{ name: 'for grandma', expiresAt: clock.now() + 1_000 },
    };
    const opened = `__Host-porchlight-share=share@${HOST}`;
    expect(await kind({ cookie: opened })).toBe('share');
    expect(await kind({ cookie: opened }, 'web--other.example.org')).toBe('anonymous');
    expect(await kind({ cookie: `${opened}; ${COOKIE.cookie}` })).toBe('session');
    expect(await kind({ cookie: `${opened}; __Host-porchlight-visit=bad` })).toBe('share');
    const share = state.share;
    state.share = undefined;
    expect(await kind({ cookie: opened })).toBe('share');
    await clock.advance(1_000);
    expect(await kind({ cookie: opened })).toBe('anonymous');
    state.share = { ...share, expiresAt: undefined };
    expect(await kind({ cookie: opened })).toBe('share');
    state.share = undefined;
    events.publish({ type: 'share-ended', accountId: 'a1', shareId: 'h1' });
    await Promise.resolve();
    expect(await kind({ cookie: opened })).toBe('anonymous');
  });

  it('rubbish does not fill the memory of who is who', async () => {
    const { kind, state } = setUp();
    await kind(COOKIE);
    for (let i = 0; i < 25_000; i += 1) await kind({ cookie: `__Host-porchlight-visit=bad${i}` });
    expect(await kind(COOKIE)).toBe('session');
    expect(state.asked).toBe(1);
  });
});

it('reads one cookie of many', () => {
  expect(cookieValue('a=1;b=2', 'b')).toBe('2');
  expect(cookieValue(' a = 1 ; ab=2', 'a')).toBe('1');
  expect(cookieValue('ab=1; xa=2; =a; a', 'a')).toBeUndefined();
  expect(cookieValue('a==x', 'a')).toBe('=x');
});
