import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { ERRORS } from '../../packages/protocol/src/errors.ts';
import { referencePages } from './pages.ts';

const root = dirname(dirname(import.meta.dirname));
const pages = await referencePages();

it.each([...pages])('%s is committed as the sources have it (else: npm run reference)', (path, text) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(text);
});

it('there is something on each page', () => {
  expect(pages.size).toBeGreaterThan(5);
  const page = (path: string): string => pages.get(path) ?? '';
  for (const code of Object.keys(ERRORS)) expect(page('docs/reference/errors.md')).toContain(`\`${code}\``);
  for (const message of ['hello', 'services', 'ping', 'welcome', 'denied', 'drain']) {
    expect(page('docs/reference/control-protocol.md')).toContain(`### \`${message}\``);
  }
  for (const line of ['porchlight agent join <url>', 'porchlight relay\n', 'PORCHLIGHT_TOKEN', '| 130 |']) {
    expect(page('docs/reference/cli.md')).toContain(line);
  }
  const { openapi, paths } = JSON.parse(page('docs/reference/openapi.json'));
  expect(openapi).toMatch(/^3\.1/);
  expect(Object.keys(paths).length).toBeGreaterThan(20);
});
