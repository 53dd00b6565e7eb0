import { FakeClock } from '@porchlight/testkit';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { SessionIdentity } from '../access/index.ts';
import { SignOn, VISIT_LIFE_MS } from './sign-on.ts';

const alice: SessionIdentity = {
  kind: 'session',
  accountId: 'a'.repeat(24),
  accountName: 'alice',
  role: 'member',
  sessionId: 'b'.repeat(24),
};
const HOST = 'web--robot.example.org';

function memorySecrets() {
  const kept = new Map<string, string>();
  return {
    getOrInsert: async (name: string, value: string) => {
      if (!kept.has(name)) kept.set(name, value);
      return kept.get(name) ?? value;
    },
  };
}

describe('a sign-on', () => {
  let clock: FakeClock;
  let signOn: SignOn;
  const claim = { accountId: alice.accountId, sessionId: alice.sessionId };

  beforeEach(async () => {
    clock = new FakeClock();
    signOn = await SignOn.open({ clock, secrets: memorySecrets() });
  });

  const cookieFor = (host = HOST): string => {
    const cookie = signOn.redeem(signOn.issueCode(alice, host, 'state'), host, 'state');
    if (cookie === undefined) throw new Error('no cookie');
    return cookie;
  };

  it('turns a code into a cookie once', () => {
    const code = signOn.issueCode(alice, HOST, 'state');
    const cookie = signOn.redeem(code, HOST, 'state');
    expect(signOn.readCookie(String(cookie), HOST)).toEqual(claim);
    expect(signOn.redeem(code, HOST, 'state')).toBeUndefined();
  });

  it('not for another host or browser, and such a try uses the code up', () => {
    for (const [host, state] of [
      ['web--other.example.org', 'state'],
      [`${HOST}:8443`, 'state'],
      [HOST, 'other'],
      [HOST, ''],
      [HOST, 'statestate'],
    ] as const) {
      const code = signOn.issueCode(alice, HOST, 'state');
      expect(signOn.redeem(code, host, state)).toBeUndefined();
      expect(signOn.redeem(code, HOST, 'state')).toBeUndefined();
    }
  });

  it('not after a minute', async () => {
    const inTime = signOn.issueCode(alice, HOST, 'state');
    await clock.advance(60_000);
    expect(signOn.redeem(inTime, HOST, 'state')).toBeDefined();
    const late = signOn.issueCode(alice, HOST, 'state');
    await clock.advance(60_001);
    expect(signOn.redeem(late, HOST, 'state')).toBeUndefined();
  });

  it('keeps a bounded number of codes, the newest', () => {
    const first = signOn.issueCode(alice, HOST, 'state');
    const second = signOn.issueCode(alice, HOST, 'state');
    for (let i = 0; i < 9_999; i += 1) signOn.issueCode(alice, HOST, 'state');
    expect(signOn.redeem(first, HOST, 'state')).toBeUndefined();
    expect(signOn.redeem(second, HOST, 'state')).toBeDefined();
  });

  it('the cookie is good at its own host only, until it expires', async () => {
    const cookie = cookieFor();
    for (const other of ['web--other.example.org', `${HOST}:1`, `${HOST}.`, '', HOST.toUpperCase()])
      expect(signOn.readCookie(cookie, other)).toBeUndefined();
    await clock.advance(VISIT_LIFE_MS - 1);
    expect(signOn.readCookie(cookie, HOST)).toEqual(claim);
    await clock.advance(1);
    expect(signOn.readCookie(cookie, HOST)).toBeUndefined();
  });

  it('a cookie of another relay is worth nothing here', async () => {
    const other = await SignOn.open({ clock, secrets: memorySecrets() });
    expect(other.readCookie(cookieFor(), HOST)).toBeUndefined();
  });

  it('no change to a cookie goes unnoticed', () => {
    const cookie = cookieFor();
    const [account, session, expires, signature] = cookie.split('.');
    for (const forged of [
      '',
      '...',
      `${account}.${session}.${Number(expires) + 1}.${signature}`,
      `${'c'.repeat(24)}.${session}.${expires}.${signature}`,
      `${account}.${session}.${expires}.`,
      `${account}.${session}.${expires}`,
      `${cookie}.more`,
      `.${cookie}`,
      `${cookie}${'x'.repeat(200)}`,
      // The same bytes read with the parts elsewhere.
      `${account}${session}..${expires}.${signature}`,
    ])
      expect(signOn.readCookie(forged, HOST), forged).toBeUndefined();
    const place = fc.nat(cookie.length - 1);
    fc.assert(
      fc.property(place, fc.string({ minLength: 1, maxLength: 3 }), fc.nat(2), (at, text, cut) => {
        const forged = cookie.slice(0, at) + text + cookie.slice(at + cut);
        if (forged !== cookie) expect(signOn.readCookie(forged, HOST)).toBeUndefined();
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });
});
