import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkLogo } from './check-logo.ts';

const PNG = `data:image/png;base64,${Buffer.from('89504e470d0a1a0a00000000', 'hex').toString('base64')}`;
const JPEG = `data:image/jpeg;base64,${Buffer.from('ffd8ffe0', 'hex').toString('base64')}`;
const WEBP = `data:image/webp;base64,${Buffer.from('RIFF0000WEBPVP8 ').toString('base64')}`;

test.each([PNG, JPEG, WEBP])('is taken: %s', (logo) => {
  expect(checkLogo(logo)).toBe(logo);
});

test.each([
  PNG.replace('png', 'jpeg'),
  `data:image/svg+xml;base64,${Buffer.from('<svg onload="alert(1)"/>').toString('base64')}`,
  'data:image/png,plain',
  `${PNG}" onerror="alert(1)`,
  'data:image/png;base64,',
  'data:text/html;base64,PGI+',
  'https://app.example/logo.png',
])('is refused: %s', (logo) => {
  expect(() => checkLogo(logo)).toThrow('PNG, JPEG or WebP');
});

test('whatever is taken is one data URL of a picture', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.base64String().map((text) => `data:image/png;base64,${text}`),
      ),
      (text) => {
        try {
          checkLogo(text);
        } catch {
          return;
        }
        expect(text).toMatch(/^data:image\/(?:png|jpeg|webp);base64,[A-Za-z0-9+/=]+$/);
      },
    ),
    { interruptAfterTimeLimit: 1000 },
  );
});
