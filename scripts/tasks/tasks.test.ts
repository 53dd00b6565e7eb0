import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildBundle } from './bundle.ts';
import { stampOf } from './stamp.ts';
import { runTests } from './vitest.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tasks-'));
  symlinkSync(join(import.meta.dirname, '../../node_modules'), join(root, 'node_modules'));
  write('package.json', '{"type":"module"}');
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

it('counts what passed, failed, was skipped, could not be loaded', async () => {
  const tests =
    "it('a', () => {}); it('b', () => { throw new Error('b'); }); it.skip('c', () => {}); it.todo('d');";
  write('a.test.ts', `import { it } from 'vitest'; ${tests}`);
  write('b.test.ts', `import './not-there.ts';`);
  expect(await runTests(root, [], 'ignore')).toEqual({ passed: 1, failed: 2, skipped: 2 });
  expect(await runTests(root, ['b.test'], 'ignore')).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

it('an error outside all tests counts as failed', async () => {
  const stray =
    'setImmediate(() => { throw new Error("stray"); }); await new Promise((r) => setImmediate(() => setImmediate(r)));';
  write('a.test.ts', `import { it } from 'vitest'; it('a', async () => { ${stray} });`);
  expect(await runTests(root, [], 'ignore')).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

it('the device bundle is one file that runs alone, and tells an old Node what it needs', async () => {
  const packages =
    "import ssh2 from 'ssh2'; import { WebSocket } from 'ws'; import { styleText } from 'node:util';";
  const main = `console.log(typeof ssh2.Client, typeof WebSocket, typeof styleText, process.argv[2]);`;
  write('packages/cli/src/device.ts', `${packages} ${main}`);
  const { file, bytes } = await buildBundle(root);
  expect(bytes).toBeLessThan(2_000_000);
  expect(readFileSync(file, 'utf8')).not.toMatch(/^import /m);

  const alone = join(root, 'alone.mjs');
  writeFileSync(alone, readFileSync(file));
  rmSync(join(root, 'node_modules'));
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [...args, alone, 'hi'], { encoding: 'utf8' });
  expect(run()).toMatchObject({ status: 0, stdout: 'function function function hi\n' });

  const old = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'18.20.4'}})";
  const refused = run('--import', `data:text/javascript,${encodeURIComponent(old)}`);
  expect(refused).toMatchObject({ status: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^error: porchlight needs Node 20\.19 or newer, this is v[\d.]+\n$/);
});

it('the device bundle never holds the relay', async () => {
  write('packages/relay/src/index.ts', 'export const relay = 1;');
  write(
    'packages/cli/src/device.ts',
    "import { relay } from '../../relay/src/index.ts'; console.log(relay);",
  );
  await expect(buildBundle(root)).rejects.toThrow('contains relay code: packages/relay/src/index.ts');
});

it('a build is fresh until one of its sources changes', () => {
  write('src/a.ts', '1');
  const stamp = () => stampOf(root, 'thing', ['src/*.ts']);
  expect(stamp().fresh).toBe(false);
  stamp().keep();
  expect(stamp().fresh).toBe(true);
  write('src/a.test.ts', 'tests do not count');
  expect(stamp().fresh).toBe(true);
  write('src/a.ts', '2');
  expect(stamp().fresh).toBe(false);
});
