import { compilePolicy } from '@porchlight/protocol/policy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_ACCESS_LIST, parseAccessList, parseAccessName } from './access-list.ts';
import { accessListSection, readAccessList, withSection } from './policy-section.ts';

const KEYS: Readonly<Record<string, string>> = { emoncms_read: 'READKEY', emoncms_write: 'WRITEKEY' };

function policyOf(text: string) {
  const { policy, errors } = compilePolicy(text, (name) => KEYS[name]);
  expect(errors).toBeUndefined();
  return policy;
}

function ask(text: string, target: string, method = 'GET') {
  const request = { service: 'emoncms', method, target, person: undefined, role: undefined };
  return policyOf(text)?.decide(request);
}

const defaults = withSection(
  '',
  'emoncms',
  accessListSection('emoncms', DEFAULT_ACCESS_LIST, { readOnly: false }),
);

describe('the policy of an access list', () => {
  it.each([
    ['/feed/list.json', 'READKEY'],
    ['/feed/data.json?id=1&start=1&end=2&interval=60', 'READKEY'],
    ['/demandshaper/submit.json', 'WRITEKEY'],
    ['/device/list/sub.json', 'READKEY'],
  ])('lets %s through with the local key', (target, key) => {
    const decision = ask(defaults, target);
    expect(decision).toMatchObject({ kind: 'allow' });
    expect(decision?.kind === 'allow' && decision.target).toContain(`apikey=${key}`);
  });

  it.each([
    '/feed/delete.json',
    '/user/login.json',
    '/feed/list.json?q=feed/delete',
    '/feed/list.json?apikey=stolen',
    '/feed/list.json?%71=x',
    '/',
    '/feed/list',
    '/feed/../user/list.json',
    // The web server would put these into the query that it makes of the path.
    '/demandshaper/submit/%26q=x.json',
    '/feed/list/x%3Fq%3Dy.json',
    '/feed/list/x%23.json',
  ])('refuses %s', (target) => {
    expect(ask(defaults, target)?.kind).toBe('deny');
  });

  it('leaves out what changes things when there is no write key', () => {
    const text = withSection(
      '',
      'emoncms',
      accessListSection('emoncms', DEFAULT_ACCESS_LIST, { readOnly: true }),
    );
    expect(ask(text, '/demandshaper/submit.json')?.kind).toBe('deny');
    expect(text).not.toContain('emoncms_write');
    expect(readAccessList(text, 'emoncms')).toEqual({ list: DEFAULT_ACCESS_LIST, readOnly: true });
  });

  it('is read back as the list it was written from', () => {
    expect(readAccessList(defaults, 'emoncms')).toEqual({ list: DEFAULT_ACCESS_LIST, readOnly: false });
    expect(readAccessList(defaults, 'other')).toBeUndefined();
    expect(readAccessList('service emoncms\n  default allow\n', 'emoncms')).toBeUndefined();
  });

  it('takes the place of the earlier section and leaves the others alone', () => {
    const before = '# mine\nservice web\n  default allow\n\n# lights\nservice hue\n  default deny\n';
    const once = withSection(before, 'emoncms', ['service emoncms', '  default deny']);
    expect(once).toBe(`${before}\nservice emoncms\n  default deny\n`);
    expect(withSection(once, 'emoncms', ['service emoncms', '  default deny'])).toBe(once);
    const middle = withSection(once, 'web', ['service web', '  default deny']);
    expect(middle).toBe(once.replace('service web\n  default allow', 'service web\n  default deny'));
  });

  it('comes back whole for every list', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
    const list = fc.uniqueArray(
      fc.tuple(
        fc.tuple(part, part).map((parts) => parts.join('/')),
        fc.constantFrom('read' as const, 'write' as const),
      ),
      { selector: ([name]) => name, maxLength: 30 },
    );
    fc.assert(
      fc.property(list, (entries) => {
        const text = withSection('', 'e', accessListSection('e', new Map(entries), { readOnly: false }));
        policyOf(text);
        expect(readAccessList(text, 'e')?.list).toEqual(new Map(entries));
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });
});

describe('an access list', () => {
  it.each(['feed', 'feed/list/x', 'feed/li st', '../x', 'feed/', '/', 'a/b\n', 'ä/b', `${'x'.repeat(80)}/y`])(
    'has no entry %j',
    (name) => {
      expect(() => parseAccessName(name.endsWith('\n') ? `${name}service *` : name)).toThrow(
        /CONTROLLER\/ACTION/,
      );
    },
  );

  it('is an object from names to read or write', () => {
    expect(parseAccessList({ 'feed/list': 'read' })).toEqual(new Map([['feed/list', 'read']]));
    expect(() => parseAccessList({ 'feed/list': 'admin' })).toThrow(/neither "read" nor "write"/);
    expect(() => parseAccessList(['feed/list'])).toThrow(/no object/);
    expect(parseAccessList(JSON.parse('{"__proto__/x":"read"}'))).toEqual(new Map([['__proto__/x', 'read']]));
  });
});
