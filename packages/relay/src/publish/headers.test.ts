import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRelayCookie, isRelayOnly, requestHeaders, responseHeaders } from './headers.ts';

const facts = {
  address: '192.0.2.7',
  proto: 'https',
  host: 'web--robot.example.org',
  person: 'alice',
  requestId: 'r-1',
} as const;

function ask(...raw: string[]): Map<string, string[]> {
  return asMap(requestHeaders(raw, facts, { dropAuthorization: false }));
}

function asMap(raw: readonly string[]): Map<string, string[]> {
  const out = new Map<string, string[]>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = String(raw[i]).toLowerCase();
    out.set(name, [...(out.get(name) ?? []), String(raw[i + 1])]);
  }
  return out;
}

describe('what a device is told', () => {
  it.each([
    'X-Forwarded-For',
    'x_forwarded_for',
    'X-FORWARDED_For',
    'X.Forwarded.For',
    'X-Forwarded-Something-New',
    'Forwarded',
    'X-Real-IP',
    'x_real_ip',
    'X-Porchlight-Person',
    'X_Porchlight_Person',
    'x-porchlight_role',
    'X-Porchlight-Probe',
    'X-Porchlight-Anything',
    'Remote-User',
    'REMOTE_USER',
    'Remote_Groups',
    'X-Original-URL',
    'True-Client-IP',
    'Proxy',
  ])('a visitor cannot forge %s', (name) => {
    const seen = ask('Host', 'evil', name, 'mallory');
    expect(JSON.stringify([...seen])).not.toContain('mallory');
    expect(seen.get('x-porchlight-person')).toEqual(['alice']);
    expect(seen.get('x-forwarded-for')).toEqual(['192.0.2.7']);
    expect(seen.get('host')).toEqual(['web--robot.example.org']);
  });

  it('any spelling of a forged name is told, whatever stands between its words', () => {
    const names = ['x-forwarded-for', 'x-porchlight-person', 'remote-user', 'x-real-ip', 'forwarded'];
    const sign = fc.constantFrom(...'-_.!#$%&*+^`|~'.split(''));
    fc.assert(
      fc.property(fc.constantFrom(...names), sign, (name, other) => {
        expect(isRelayOnly(name.replaceAll('-', other))).toBe(true);
      }),
    );
    for (const honest of ['x-requested-with', 'x-csrf-token', 'range', 'from', 'te', 'x-forward', 'cookie'])
      expect(isRelayOnly(honest)).toBe(false);
  });

  it('hop-by-hop fields and what Connection names end here; framing and routing do not', () => {
    const seen = ask(
      ...['Connection', 'close, X-Secret, content-length, HOST', 'X-Secret', '1', 'Keep-Alive', '5'],
      ...['Proxy-Authorization', 'x', 'TE', 'trailers', 'Upgrade', 'h2c', 'HTTP2-Settings', 'AAA'],
      ...['Transfer-Encoding', 'chunked', 'Content-Length', '5', 'Proxy-Connection', 'keep-alive'],
    );
    expect([...seen.keys()].sort()).toEqual(
      [
        ...['content-length', 'host', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'],
        ...['x-porchlight-person', 'x-porchlight-request-id', 'x-porchlight-role'],
      ].sort(),
    );
  });

  it('our own headers cannot be named hop-by-hop', () => {
    const seen = ask('Connection', 'x-porchlight-person, x-forwarded-for, x-porchlight-role');
    expect(seen.get('x-porchlight-person')).toEqual(['alice']);
  });

  it('relay cookies are taken out wherever they stand, in one field or many', () => {
    const seen = ask(
      ...['Cookie', 'a=1; __Host-porchlight-visit=SECRET; b=2'],
      ...['cookie', 'porchlight=SECRET'],
      ...['Cookie', 'c=3'],
      ...['COOKIE', 'd=porchlight; __Host-porchlight=SECRET;porchlight-state=SECRET'],
    );
    expect(seen.get('cookie')).toEqual(['a=1; b=2; c=3; d=porchlight']);
  });

  it('no cookie field is left when only ours were in it', () => {
    expect(ask('Cookie', ' porchlight-visit=x ;  __Host-porchlight=y').has('cookie')).toBe(false);
  });

  it('no relay cookie survives any header that a browser could send', () => {
    const name = fc.constantFrom('__Host-porchlight', 'porchlight', '__Host-porchlight-visit', 'a', 'b-c');
    const pair = fc.tuple(name, fc.constantFrom('x', '"x; y"', '')).map(([n, v]) => `${n}=${v}`);
    const header = fc.array(pair, { maxLength: 6 }).map((pairs) => pairs.join('; '));
    fc.assert(
      fc.property(fc.array(header, { maxLength: 4 }), (headers) => {
        const seen = ask(...headers.flatMap((one) => ['Cookie', one]));
        for (const part of (seen.get('cookie')?.[0] ?? '').split(';'))
          expect(isRelayCookie((part.split('=')[0] ?? '').trim())).toBe(false);
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it('the Authorization that let the visitor in is not passed on, any other is', () => {
    const raw = ['Authorization', 'Basic eA==', 'authorization', 'Bearer y'];
    expect(asMap(requestHeaders(raw, facts, { dropAuthorization: true })).has('authorization')).toBe(false);
    expect(ask(...raw).get('authorization')).toEqual(['Basic eA==', 'Bearer y']);
  });

  it('nobody signed in: no person and no role, not even the visitor’s own word', () => {
    const raw = ['X-Porchlight-Person', 'mallory', 'X-Porchlight-Role', 'owner'];
    const seen = asMap(requestHeaders(raw, { ...facts, person: undefined }, { dropAuthorization: false }));
    expect(seen.has('x-porchlight-person') || seen.has('x-porchlight-role')).toBe(false);
  });
});

describe('what a visitor gets from a device', () => {
  const host = 'web--robot.example.org:8443';
  const cookies = (...values: string[]) =>
    asMap(
      responseHeaders(
        values.flatMap((value) => ['Set-Cookie', value]),
        host,
      ),
    ).get('set-cookie') ?? [];

  it.each([
    'a=1; Domain=example.org',
    'a=1; domain=.EXAMPLE.org',
    'a=1;\tDoMaIn = example.org',
    'a=1; Domain=web--other.example.org',
    'a=1; Domain=org',
    'a=1; Domain=example.org; Domain=web--robot.example.org',
    'a=1; Domain="example.org"',
    '__Host-porchlight=x; Path=/; Secure',
    'porchlight=x',
    ' porchlight-visit =x',
    '__Host-porchlight-state=x',
    '=porchlight-visit=x',
    '= porchlight=x',
    '==porchlight=x',
    'porchlight-visit',
  ])('no cookie for others, nor one of ours: %s', (value) => {
    expect(cookies(value)).toEqual([]);
  });

  it('its own cookies stay as they are, also several of one name', () => {
    const own = [
      'a=1; Path=/; HttpOnly',
      'a=1; Path=/x',
      'b=2; Domain=web--robot.example.org',
      'c',
      'd=;Domain=',
    ];
    expect(cookies(...own)).toEqual(own);
  });

  it('nothing that decides for the whole domain, nor what only the agent says', () => {
    const raw = [
      ...['Strict-Transport-Security', 'max-age=1; includeSubDomains', 'Alt-Svc', 'h3=":1"'],
      ...['Clear-Site-Data', '"cookies"', 'X-Porchlight-Error', 'denied_by_device', 'Connection', 'x-hop'],
      ...['X-Hop', '1', 'Transfer-Encoding', 'chunked', 'ETag', '"e"', 'Content-Length', '3'],
    ];
    expect(responseHeaders(raw, host)).toEqual(['ETag', '"e"', 'Content-Length', '3']);
  });
});
