import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseBridgeRequest } from './bridge-path.ts';

it.each([
  ['GET', '/bridge/user/lights/1', { kind: 'pass', target: '/api/user/lights/1' }],
  ['PUT', '/route/api/user/lights/1/state', { kind: 'pass', target: '/api/user/lights/1/state' }],
  ['GET', '/bridge/user/lights?x=%20', { kind: 'pass', target: '/api/user/lights?x=%20' }],
  ['PUT', '/bridge/0/config', { kind: 'press', target: '/api/0/config' }],
  ['PUT', '/route/api/%30/config/', { kind: 'press', target: '/api/%30/config' }],
  ['GET', '/bridge/0/config', { kind: 'pass', target: '/api/0/config' }],
  ['PUT', '/bridge/0/config/whitelist', { kind: 'pass', target: '/api/0/config/whitelist' }],
  ['POST', '/bridge', { kind: 'register', target: '/api' }],
  ['POST', '/route/api/', { kind: 'register', target: '/api' }],
  ['GET', '/bridge', { kind: 'pass', target: '/api' }],
  ['GET', '/bridges/user', undefined],
  ['GET', '/route/apis', undefined],
  ['GET', '/api/user/lights', undefined],
])('%s %s', (method, target, expected) => expect(parseBridgeRequest(method, target)).toEqual(expected));

it('refuses paths that two programs could read in two ways, and stays below /api', () => {
  for (const path of [
    '/bridge/../x',
    '/bridge/%2e%2e/x',
    '/bridge//x',
    '/bridge/a%2fb',
    '/bridge/a;b',
    '/bridge/\\',
  ]) {
    expect(() => parseBridgeRequest('GET', path)).toThrow(/refused/);
  }
  const part = fc.oneof(
    fc.constantFrom('..', '%2e', '%2f', '/', '//', '?', '0', 'config', 'api'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.constantFrom('GET', 'PUT', 'POST'), (parts, method) => {
      let found: ReturnType<typeof parseBridgeRequest>;
      try {
        found = parseBridgeRequest(method, `/bridge${parts.map((each) => `/${each}`).join('')}`);
      } catch {
        return;
      }
      expect(found?.target ?? '/api').toMatch(/^\/api(?:[/?]|$)/);
      if (found !== undefined) expect(new URL(found.target, 'http://x').pathname).toMatch(/^\/api(?:\/|$)/);
    }),
    { numRuns: 3_000, interruptAfterTimeLimit: 2_000 },
  );
});
