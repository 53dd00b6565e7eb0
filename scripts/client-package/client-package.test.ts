import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildClientPackage, bundleSize, SIZES } from './build.ts';

const root = dirname(dirname(import.meta.dirname));
let folder: string;
let installed: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-client-'));
  installed = join(folder, 'node_modules/@porchlight/client');
  await buildClientPackage(root, join(folder, 'built'));
  mkdirSync(dirname(installed), { recursive: true });
  cpSync(join(folder, 'built'), installed, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('has every file that it names, and needs no other package', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  expect(manifest.dependencies).toBeUndefined();
  expect(Object.keys(manifest.exports)).toEqual(['.', './node', './hue']);
  for (const { types, default: code } of Object.values<{ types: string; default: string }>(
    manifest.exports,
  )) {
    for (const file of [types, code]) expect(existsSync(join(installed, file)), file).toBe(true);
  }
});

it('runs elsewhere, and the main entry without Node', () => {
  const program =
    "import { Client, PorchlightError } from '@porchlight/client'; import { fileStore } from '@porchlight/client/node'; import { localBridge } from '@porchlight/client/hue'; try { new Client({ relay: 'x y' }) } catch (error) { console.log(error instanceof PorchlightError, error.code, typeof fileStore, typeof localBridge) }";
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect([stderr, stdout]).toEqual(['', 'true bad_request function function\n']);
  expect(readFileSync(join(installed, 'index.js'), 'utf8')).not.toMatch(/["']node:/);
});

it('has types that hold in a strict program without any other package', () => {
  writeFileSync(
    join(folder, 'use.ts'),
    `import { Client, PorchlightError } from '@porchlight/client';
export async function use(): Promise<string | undefined> {
  const client = new Client({ relay: 'https://relay.example', token: 'plt_x' });
  const { items } = await client.api.devices.list({ search: 'a' });
  const name: string | undefined = items[0]?.services[0]?.lan?.door;
  // @ts-expect-error a device has no such member
  items[0]?.nothing;
  try {
    await client.device('shed').service('web').fetch('/', { method: 'POST' });
  } catch (error) {
    if (error instanceof PorchlightError && error.code === 'device_offline') return error.hint;
  }
  return name;
}
`,
  );
  const flags = [
    '--strict',
    '--noEmit',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--lib',
    'es2022,dom,dom.asynciterable',
  ];
  const { stdout } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/typescript/bin/tsc'),
      ...flags,
      '--types',
      '',
      '--skipLibCheck',
      'false',
      'use.ts',
    ],
    { cwd: folder, encoding: 'utf8' },
  );
  expect(stdout).toBe('');
});

it('a program gets no larger than what it uses', async () => {
  const sizes = new Map<string, number>();
  for (const [name, program] of SIZES) sizes.set(name, await bundleSize(root, program));
  expect(sizes.get('the API alone')).toBeLessThan((sizes.get('everything') ?? 0) * 0.75);
  expect(sizes.get('everything')).toBeLessThan(24 * 1024);
});
