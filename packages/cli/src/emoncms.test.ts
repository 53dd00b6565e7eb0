import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runPorchlight } from '@porchlight/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-cli-emoncms-'));
});
afterEach(() => rm(folder, { recursive: true }));

const porchlight = (...args: string[]) =>
  runPorchlight(['agent', ...args], { env: { PORCHLIGHT_DATA: join(folder, 'agent') } });

it('the preset asks for the read key, writes the rules, and is tried out without emoncms', async () => {
  const target = 'http://localhost/emoncms';
  const without = await porchlight('expose', 'emoncms', target, '--preset', 'emoncms');
  expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('--read-key-file') });
  expect((await porchlight('expose', '--json')).stdout).toContain('[]');

  const key = join(folder, 'key');
  await writeFile(key, `${'a1'.repeat(16)}\n`);
  const done = await porchlight('expose', 'emoncms', target, '--preset', 'emoncms', '--read-key-file', key);
  expect(done.stderr).toBe('');
  expect(done.stdout).toContain('lets 15 parts of emoncms through');
  expect(done.stdout).toContain('3 that change something stay closed');
  expect(done.stdout).not.toContain('a1a1');
  const allowed = await porchlight('policy', 'test', 'GET', '/feed/list.json', '--service', 'emoncms');
  expect(allowed).toMatchObject({ code: 0 });
  const denied = await porchlight('policy', 'test', 'GET', '/feed/delete.json', '--service', 'emoncms');
  expect(denied.stdout).toMatch(/den/i);
});

it('a set-up of the original client is taken over whole', async () => {
  const file = join(folder, 'remoteaccess.json');
  const keys = { APIKEY_READ: 'a1'.repeat(16), APIKEY_WRITE: 'b2'.repeat(16) };
  const ACCESS_CONTROL = { 'feed/list': 'read', 'feed/data': 'read', 'device/authallow': 'write' };
  await writeFile(file, JSON.stringify({ ...keys, ACCESS_CONTROL }));
  const done = await porchlight('import', file);
  expect(done).toMatchObject({ code: 0, stderr: '' });
  expect(done.stdout).toContain('emoncms leads to http://localhost:80/emoncms');
  expect(await readFile(join(folder, 'agent', 'secrets'), 'utf8')).toContain(
    `emoncms_write = ${'b2'.repeat(16)}`,
  );
  const again = await porchlight('import', file, '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ service: 'emoncms', entries: 3 });
});

it('the list is changed entry by entry, and closed for changes with one word', async () => {
  const key = join(folder, 'key');
  await writeFile(key, 'a1'.repeat(16));
  expect(await porchlight('emoncms', 'list')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no access list'),
  });
  const keys = ['--read-key-file', key, '--write-key-file', key];
  await porchlight('expose', 'emoncms', 'http://localhost/emoncms', '--preset', 'emoncms', ...keys);
  await porchlight('emoncms', 'allow', 'graph/get.json', 'write');
  const removed = await porchlight('emoncms', 'remove', 'test/test', '--json');
  expect(JSON.parse(removed.stdout)).toContainEqual({ part: 'graph/get', key: 'write', open: true });
  expect(removed.stdout).not.toContain('test/test');
  const closed = await porchlight('emoncms', 'read-only', 'on', '--json');
  expect(JSON.parse(closed.stdout)).toContainEqual({ part: 'graph/get', key: 'write', open: false });
  await porchlight('emoncms', 'read-only', 'off');
  const back = await porchlight('emoncms', 'defaults');
  expect(back.stdout).toContain('test/test');
  expect(back.stdout).not.toContain('graph/get');
  expect(await porchlight('emoncms', 'allow', '../x', 'read')).toMatchObject({ code: 2 });
});

it('a file that is none of that is named, and changes nothing', async () => {
  const file = join(folder, 'x.json');
  await writeFile(file, '{"ACCESS_CONTROL": {"feed/list": "all"}}');
  expect(await porchlight('import', file)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('neither "read" nor "write" for feed/list'),
  });
  expect(await porchlight('import', join(folder, 'none'))).toMatchObject({ code: 2 });
});
