import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isApiPath } from '../../api/index.ts';
import { LINK_WEBSOCKET_PATH } from '../../console/index.ts';
import { INSTALL_PATH } from '../../console/install-files.ts';
import { CONSOLE_SIGN_ON_PATH } from '../sign-on-pages.ts';
import { isConsolePath, isReservedSegment } from './reserved.ts';

const DASHBOARD = join(import.meta.dirname, '../../../../dashboard');

it('what the console answers is reserved', async () => {
  const app = await readFile(join(DASHBOARD, 'src/app.tsx'), 'utf8');
  const pages = [...app.matchAll(/<Route path="(\/[^"]+)"/g)].map(([, path = '']) => path);
  expect(pages.length).toBeGreaterThan(8);
  const files = (await readdir(join(DASHBOARD, 'public'))).map((name) => `/${name}`);
  expect(files.length).toBeGreaterThan(0);
  const own = ['/api/x', '/healthz', '/.well-known/porchlight'];
  for (const path of own) expect(isApiPath(path), path).toBe(true);
  for (const path of [
    ...[...pages, ...files, ...own, '/index.html', '/assets/index-x.js'],
    ...[CONSOLE_SIGN_ON_PATH, INSTALL_PATH, LINK_WEBSOCKET_PATH],
  ]) {
    expect(isReservedSegment(path.split('/')[1] ?? ''), path).toBe(true);
    expect(isConsolePath(path), path).toBe(true);
    expect(isConsolePath(`${path}?x=1`), path).toBe(true);
  }
});

it('whatever is not plainly below a path is the console’s', () => {
  for (const path of [
    '/',
    '/?x',
    '/API/x',
    '/%61pi/x',
    '/zumi01/../api/me',
    '//zumi01',
    '/zumi01%2f',
    '*',
    '',
  ]) {
    expect(isConsolePath(path), path).toBe(true);
  }
  for (const path of ['/zumi01', '/zumi01/', '/zumi01/api', '/apis', '/.porchlight/sign-on?code=x']) {
    expect(isConsolePath(path), path).toBe(false);
  }
});
