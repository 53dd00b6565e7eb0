import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkCallback, checkCallbacks, isNative } from './check-callback.ts';

test.each([
  'https://app.example/callback',
  'https://app.example',
  'https://app.example/',
  'https://app.example:8443/a/b?c=d',
  'https://localhost:8584',
  'http://127.0.0.1/callback',
  'http://127.0.0.1:8080/callback',
  'http://[::1]/callback',
  'http://localhost:3000/',
  'com.example.app:/callback',
  'com.example.app://callback',
])('is taken: %s', (callback) => {
  expect(checkCallback(callback)).toBe(callback);
});

test.each([
  ['https://app.example/#x', 'fragment'],
  ['https://app.example/callback#', 'fragment'],
  ['https://*.example/callback', 'wildcard'],
  ['https://app.example/*', 'wildcard'],
  ['http://app.example/callback', 'not https'],
  ['http://127.0.0.1.evil.example/', 'not https'],
  ['http://127.1/callback', 'normal form'],
  ['https://user@app.example/', 'user name'],
  ['https://user:pass@app.example/', 'user name'],
  ['https://app.example\\@evil.example/', 'backslash'],
  ['https://app.example/a/../b', 'normal form'],
  ['HTTPS://app.example/', 'normal form'],
  ['https://APP.example/', 'normal form'],
  ['https://app.example:443/', 'normal form'],
  ['https://äpp.example/', 'characters'],
  ['https://app.example/a b', 'characters'],
  ['javascript:alert(1)', 'neither https'],
  ['data:text/html,x', 'neither https'],
  ['file:///etc/passwd', 'neither https'],
  ['myapp://callback', 'neither https'],
  ['/callback', 'no address'],
  ['', 'characters'],
])('is refused: %s', (callback, why) => {
  expect(() => checkCallback(callback)).toThrow(why);
});

test('each is kept once; an app at https://localhost has only such', () => {
  expect(checkCallbacks(['https://a.example/', 'https://a.example/'])).toEqual(['https://a.example/']);
  expect(() => checkCallbacks(['https://localhost/', 'http://127.0.0.1/'])).toThrow('https://localhost');
  expect(checkCallbacks(['https://localhost/', 'https://a.example/'])).toHaveLength(2);
  expect(isNative('http://127.0.0.1/')).toBe(true);
  expect(isNative('com.example:/x')).toBe(true);
  expect(isNative('https://a.example/')).toBe(false);
});

test('whatever is taken leads to https, to this machine, or to a scheme with a dot', () => {
  const hostile = fc.string({
    unit: fc.constantFrom(
      'h',
      't',
      'p',
      's',
      ':',
      '/',
      '.',
      '@',
      '#',
      '*',
      '\\',
      '1',
      '[',
      ']',
      '%',
      ' ',
      'a',
    ),
  });
  const texts = fc.oneof(
    hostile,
    fc.webUrl(),
    fc.string(),
    hostile.map((rest) => `https://a.b/${rest}`),
    hostile.map((rest) => `http://127.0.0.1${rest}`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      let taken: string;
      try {
        taken = checkCallback(text);
      } catch {
        return;
      }
      const url = new URL(taken);
      expect(url.hash).toBe('');
      expect(url.username).toBe('');
      if (url.protocol === 'http:') expect(['127.0.0.1', '[::1]', 'localhost']).toContain(url.hostname);
      else if (url.protocol !== 'https:') expect(url.protocol).toContain('.');
    }),
    { interruptAfterTimeLimit: 2000 },
  );
});
