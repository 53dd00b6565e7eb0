import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from './compile.ts';
import type { Decision, PolicyRequest } from './decision.ts';
import type { Policy } from './policy.ts';

const SECRETS = new Map([
  ['emoncms_read', 'r3ad&key='],
  ['token', 't0ken'],
]);

function policyOf(text: string): Policy {
  const { policy, errors } = compilePolicy(text, (name) => SECRETS.get(name));
  if (policy === undefined) throw new Error(JSON.stringify(errors));
  return policy;
}

function ask(policy: Policy, method: string, target: string, more: Partial<PolicyRequest> = {}): string {
  const decision = policy.decide({ service: 'emoncms', method, target, ...more });
  return decision.kind === 'allow' ? decision.target : `${decision.code} ${decision.rule ?? '-'}`;
}

const HOME = policyOf(`
service emoncms
  allow GET /emoncms/feed/{list,data,value}.json   add query apikey=$emoncms_read
  allow GET,HEAD /emoncms/input/**                 for person alice, role owner
  deny  *   /emoncms/admin/**
  allow GET /emoncms/**  for person *
  default deny
service open
  default allow
service half
  allow GET /
`);

describe('Policy.decide', () => {
  it('takes the first rule that fits in method, path and visitor', () => {
    const key = 'apikey=r3ad%26key%3D';
    expect(ask(HOME, 'GET', '/emoncms/feed/list.json')).toBe(`/emoncms/feed/list.json?${key}`);
    expect(ask(HOME, 'GET', '/emoncms/feed/data.json?id=1')).toBe(`/emoncms/feed/data.json?id=1&${key}`);
    expect(ask(HOME, 'POST', '/emoncms/feed/list.json')).toBe('denied_by_device 7');
    expect(ask(HOME, 'GET', '/emoncms/input')).toBe('denied_by_device 7');
    expect(ask(HOME, 'GET', '/emoncms/input/a/b', { person: 'alice' })).toBe('/emoncms/input/a/b');
    expect(ask(HOME, 'HEAD', '/emoncms/input/', { person: 'bob', role: 'owner' })).toBe('/emoncms/input/');
    expect(ask(HOME, 'HEAD', '/emoncms/input/', { person: 'bob', role: 'guest' })).toBe('denied_by_device 7');
    expect(ask(HOME, 'GET', '/emoncms/admin', { person: 'bob' })).toBe('denied_by_device 5');
    expect(ask(HOME, 'GET', '/emoncms/x', { person: 'bob' })).toBe('/emoncms/x');
    expect(ask(HOME, 'GET', '/emoncms/x')).toBe('denied_by_device 7');
  });

  it('lets everything through to a service without a section, unread', () => {
    expect(ask(HOME, 'GET', '/a/../%2f//;', { service: 'jupyter' })).toBe('/a/../%2f//;');
    expect(ask(HOME, 'GET', 'anything', { service: 'constructor' })).toBe('anything');
    expect(ask(policyOf(''), 'PUT', '*')).toBe('*');
  });

  it('refuses ambiguous paths where there are rules', () => {
    for (const target of [
      '/emoncms/feed/../admin',
      '/emoncms/%2e%2e/x',
      '/emoncms//admin',
      '/emoncms/a%2fb',
      '*',
    ]) {
      expect(ask(HOME, 'GET', target, { person: 'bob' })).toBe('ambiguous_path -');
    }
  });

  it('denies what no rule matches unless the section says otherwise', () => {
    expect(ask(HOME, 'GET', '/x', { service: 'half' })).toBe('denied_by_device -');
    expect(ask(HOME, 'GET', '/', { service: 'half' })).toBe('/');
    expect(ask(HOME, 'GET', '/x', { service: 'open' })).toBe('/x');
  });

  it('uses "service *" for the others', () => {
    const policy = policyOf('service *\n default deny\nservice a\n default allow');
    expect(ask(policy, 'GET', '/', { service: 'a' })).toBe('/');
    expect(ask(policy, 'GET', '/', { service: 'b' })).toBe('denied_by_device 2');
    expect(ask(policy, 'GET', '/', { service: '*' })).toBe('denied_by_device 2');
    expect([...policy.services]).toEqual([['a', 3]]);
  });

  it('denies without regard to case or compatibility forms, allows only the exact letters', () => {
    const policy = policyOf('service emoncms\n deny * /Admin/**\n allow * /feed\n allow * /{A,a}*/**');
    for (const path of ['/admin', '/ADMIN/x', '/%EF%BD%81dmin', '/Admin/']) {
      expect(ask(policy, 'GET', path)).toBe('denied_by_device 2');
    }
    expect(ask(policy, 'GET', '/feed')).toBe('/feed');
    expect(ask(policy, 'GET', '/Feed')).toBe('denied_by_device -');
  });

  it('judges tcp services by the default of their section', () => {
    const policy = policyOf('service ssh\n default allow\nservice vnc\n allow * /**');
    const kinds = ['ssh', 'vnc', 'other'].map((service) => policy.decideConnection(service).kind);
    expect(kinds).toEqual(['allow', 'deny', 'allow']);
  });

  it('refuses a request that has a refused parameter', () => {
    const policy = policyOf('service emoncms\n allow GET /** refuse query q');
    expect(ask(policy, 'GET', '/feed?id=1')).toBe('/feed?id=1');
    for (const query of [
      'q=admin',
      'id=1&q',
      'id=1;q=x',
      '%71=x',
      '%2571=x',
      'q[]=x',
      'Q=x',
      '+q=x',
      'q%00x=1',
    ]) {
      expect(ask(policy, 'GET', `/feed?${query}`)).toBe('denied_by_device 2');
    }
  });
});

describe('added and stripped query parameters', () => {
  const policy = policyOf('service emoncms\n allow GET /** add query api_key=$token strip query debug');

  const cases: [string, string][] = [
    ['/f', '/f?api_key=t0ken'],
    ['/f?', '/f?api_key=t0ken'],
    ['/f?a=1&b=%zz&c=%2F', '/f?a=1&b=%zz&c=%2F&api_key=t0ken'],
    ['/f?api_key=evil', '/f?api_key=t0ken'],
    ['/f?a=1&api_key=evil&b=2&api_key=evil', '/f?a=1&b=2&api_key=t0ken'],
    ['/f?api_key=evil&b=2', '/f?b=2&api_key=t0ken'],
    ['/f?api%5fkey=evil', '/f?api_key=t0ken'],
    ['/f?%61pi_%6bey=evil&%2561pi_key=evil', '/f?api_key=t0ken'],
    ['/f?API_KEY=evil&api.key=evil&api+key=evil&api%20key=evil', '/f?api_key=t0ken'],
    ['/f?api_key[]=evil&api_key%5bx%5d=evil&+api_key=evil&api_key%00=evil', '/f?api_key=t0ken'],
    ['/f?a=1;api_key=evil;b=2', '/f?a=1;b=2&api_key=t0ken'],
    ['/f?debug&debug=1&debugger=1', '/f?debugger=1&api_key=t0ken'],
    ['/f?x=api_key=1&&=&y', '/f?x=api_key=1&&=&y&api_key=t0ken'],
  ];
  it.each(cases)('%s → %s', (sent, local) => expect(ask(policy, 'GET', sent)).toBe(local));

  it('leaves exactly one parameter of the name, and all others as they were', () => {
    const names = 'a api_key Api_Key api%5Fkey %61pi_key api.key api+key apikey api_key%20 x%00';
    const name = fc.constantFrom(...names.split(' '), '');
    const pair = fc
      .tuple(name, fc.constantFrom('', '=', '=1', '=%zz', '=a%3D', '=é'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 8 }), (pairs) => {
        const target = ask(policy, 'GET', `/f?${pairs.join('&')}`);
        const seen = [...new URLSearchParams(target.slice(target.indexOf('?') + 1))];
        const same = (text: string) => /^api[_. ]key\s*$/i.test(text);
        expect(seen.filter(([key]) => same(key))).toEqual([['api_key', 't0ken']]);
        const sent = [...new URLSearchParams(pairs.join('&'))].filter(([key]) => !same(key));
        expect(seen.slice(0, -1)).toEqual(sent);
      }),
      { numRuns: 20_000, interruptAfterTimeLimit: 2_000 },
    );
  });
});

describe('addresses in an answer', () => {
  const policy = policyOf('service emoncms\n allow GET /** add query apikey=$token add query v="a+b ($$)"');
  const decision = policy.decide({ service: 'emoncms', method: 'GET', target: '/feed?id=1' });
  const pair = 'apikey=t0ken&v=a%2Bb%20(%24)';

  it.each([
    [`/feed/?id=1&${pair}`, '/feed/?id=1'],
    [`http://h/feed/?${pair}&id=1#x`, 'http://h/feed/?id=1#x'],
    [`/feed/?${pair}`, '/feed/'],
    [`0; url=/feed/?${pair}#top`, '0; url=/feed/#top'],
    [`</a?apikey=t0ken>; rel=next`, '</a>; rel=next'],
    ['/feed/?apikey=t0kens', '/feed/?apikey=t0kens'],
    ['/feed/?id=1', '/feed/?id=1'],
  ])('lose what the rule added: %s', (sent, expected) => {
    expect(decision.kind === 'allow' && decision.changesTarget && decision.hideAdded(sent)).toBe(expected);
  });
});

describe('headers of an allowed request', () => {
  const policy = policyOf(
    'service emoncms\n allow GET /a add header Authorization="Bearer $token" add header X-Note="a \\"b\\" $$5" strip header Cookie\n allow GET /b',
  );
  const decide = (target: string): Decision => policy.decide({ service: 'emoncms', method: 'GET', target });

  it('replace what the visitor sent under any spelling of the name', () => {
    const decision = decide('/a');
    if (decision.kind !== 'allow') throw new Error('denied');
    expect(decision.changesHeaders).toBe(true);
    expect(decision.addHeaders).toEqual([
      ['Authorization', 'Bearer t0ken'],
      ['X-Note', 'a "b" $5'],
    ]);
    const sent = [
      'Host',
      'h',
      'AUTHORIZATION',
      'x',
      'x_note',
      'y',
      'X-NOTE',
      'z',
      'cookie',
      'c',
      'Accept',
      '*/*',
    ];
    expect(decision.rewriteHeaders(sent)).toEqual([
      'Host',
      'h',
      'Accept',
      '*/*',
      'Authorization',
      'Bearer t0ken',
      'X-Note',
      'a "b" $5',
    ]);
  });

  it('pass untouched when the rule says nothing of them', () => {
    const decision = decide('/b');
    const raw = ['A', 'b'];
    expect(decision.kind === 'allow' && !decision.changesHeaders && decision.rewriteHeaders(raw)).toBe(raw);
  });

  it.each([
    'X-HTTP-Method-Override',
    'x_method_override',
    'X-HTTP-METHOD',
    'X-Original-URL',
    'x-rewrite_url',
  ])('never make the server read another request than the one that was judged: %s', (name) => {
    for (const text of [
      'service emoncms\n allow GET /b',
      'service emoncms\n default allow',
      'service *\n allow * /b',
    ]) {
      const decision = policyOf(text).decide({ service: 'emoncms', method: 'GET', target: '/b' });
      if (decision.kind !== 'allow') throw new Error('denied');
      expect(decision.dropsHeader(name)).toBe(true);
      expect(decision.rewriteHeaders(['A', name, name, 'DELETE'])).toEqual(['A', name]);
    }
    // Without rules there is nothing to get past.
    const open = policyOf('').decide({ service: 'emoncms', method: 'GET', target: '/b' });
    expect(open.kind === 'allow' && open.dropsHeader(name)).toBe(false);
  });

  it('do not show in logs', async () => {
    const { inspect } = await import('node:util');
    const shown = `${JSON.stringify(decide('/a'))} ${inspect(decide('/a'), { depth: 9 })} ${inspect(policy, { depth: 9 })}`;
    expect(shown).not.toContain('t0ken');
  });
});

describe('a replaced path', () => {
  const policy = policyOf(`service emoncms
    allow PUT /api/0/config for role link-button replace path=/api/$token/config
    allow GET /key replace path=/k/$token add query v=2 strip query w`);
  const press = { service: 'emoncms', method: 'PUT', target: '/api/0/config' } as const;

  it('goes to the local server, with the query that the visitor sent', () => {
    const role = 'link-button';
    expect(ask(policy, 'PUT', '/api/0/config', { role })).toBe('/api/t0ken/config');
    expect(ask(policy, 'PUT', '/api/0/config/?a=1', { role })).toBe('/api/t0ken/config?a=1');
    expect(ask(policy, 'PUT', '/api/0/config', { role: 'owner' })).toBe('denied_by_device -');
    expect(ask(policy, 'GET', '/key?w=1&x=/k')).toBe('/k/t0ken?x=/k&v=2');
  });

  it('is hidden where an answer names it', () => {
    const decision = policy.decide({ ...press, role: 'link-button' });
    if (decision.kind !== 'allow') throw new Error('denied');
    expect(decision.changesTarget).toBe(true);
    expect(decision.hideAdded('http://bridge/api/t0ken/config/?x')).toBe('http://bridge/api/0/config/?x');
    expect(decision.hideAdded('/api/other')).toBe('/api/other');
  });

  it('is refused when its secret makes it another path', () => {
    const { errors } = compilePolicy('service a\n allow GET / replace path=/a/$s', () => '../b');
    expect(errors?.[0]?.message).toMatch(/segment/);
    expect(JSON.stringify(errors)).not.toContain('../b');
  });
});

describe('path patterns', () => {
  /** The same meaning, written as a regular expression over the path. */
  function oracle(pattern: string): RegExp {
    const source = pattern
      .split('/')
      .slice(1)
      .map((segment) => {
        if (segment === '**') return '(?:/[^/]+)*';
        const text = segment.replace(
          /[{}*,.]/g,
          (c) => ({ '{': '(?:', '}': ')', '*': '[^/]*', ',': '|' })[c] ?? `\\${c}`,
        );
        return segment === '*' ? '/[^/]+' : `/${text}`;
      })
      .join('');
    return new RegExp(`^${source}/?$`);
  }

  it('agree with a regular expression of the same meaning', () => {
    const segment = fc.constantFrom(...'** * a b a* *b a*b *a* {a,ab} {a,b*}c a.*'.split(' '));
    const pattern = fc.array(segment, { minLength: 1, maxLength: 5 }).map((list) => `/${list.join('/')}`);
    const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.'), minLength: 1, maxLength: 4 });
    const path = fc
      .array(
        name.filter((text) => text !== '.' && text !== '..'),
        { minLength: 1, maxLength: 6 },
      )
      .map((list) => `/${list.join('/')}`);
    fc.assert(
      fc.property(pattern, fc.array(path, { minLength: 1, maxLength: 10 }), (pattern, paths) => {
        const policy = policyOf(`service emoncms\n allow GET ${pattern}`);
        for (const path of paths) expect(ask(policy, 'GET', path) === path).toBe(oracle(pattern).test(path));
      }),
      { numRuns: 20_000, interruptAfterTimeLimit: 2_000 },
    );
  });
});
