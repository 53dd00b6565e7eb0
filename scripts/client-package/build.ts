/** The client library as a package for others: `packages/client/dist`, to be published or packed from there. */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { writeDeclarations } from './declarations.ts';

/** Oldest platforms: Node 20, and browsers with Ed25519 or without (then the LAN is not used). */
const TARGET = ['node20', 'es2022'];
/** What the package offers, and where. */
const ENTRIES = new Map([
  ['.', 'index'],
  ['./node', 'node/index'],
  ['./hue', 'hue/index'],
]);

/** Builds into `out`, and gives that. @throws Error when it would need a package at run time, or Node in a browser */
export async function buildClientPackage(
  root: string,
  out = join(root, 'packages/client/dist'),
): Promise<string> {
  const source = join(root, 'packages/client/src');
  await rm(out, { recursive: true, force: true });
  const { metafile } = await build({
    entryPoints: Object.fromEntries([...ENTRIES.values()].map((name) => [name, join(source, `${name}.ts`)])),
    outdir: out,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[hash]',
    format: 'esm',
    platform: 'neutral',
    target: TARGET,
    external: ['node:*'],
    sourcemap: false,
    legalComments: 'none',
    logLevel: 'silent',
    metafile: true,
  });
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? [input] : [])),
  );
  const strangers = used.filter((input) => !/(?:^|\/)packages\/(?:client|protocol)\/src\//.test(input));
  if (strangers.length > 0) throw new Error(`the client needs at run time: ${strangers.join(', ')}`);
  writeDeclarations(
    root,
    [...ENTRIES.values()].map((name) => `packages/client/src/${name}.ts`),
    out,
  );
  const own = JSON.parse(await readFile(join(root, 'packages/client/package.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const { name, version, description, license, type, sideEffects } = own;
  const exports = Object.fromEntries(
    [...ENTRIES].map(([path, file]) => [path, { types: `./${file}.d.ts`, default: `./${file}.js` }]),
  );
  await mkdir(out, { recursive: true });
  const manifest = {
    name,
    version,
    description,
    license,
    type,
    sideEffects,
    engines: { node: '>=20' },
    exports,
  };
  await writeFile(join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await cp(join(root, 'packages/client/README.md'), join(out, 'README.md'));
  await cp(join(root, 'LICENSE'), join(out, 'LICENSE'));
  return out;
}

/** Bytes of a program that uses so much of the library, minified and gzipped. */
export async function bundleSize(root: string, program: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  });
  return gzipSync(outputFiles[0]?.contents ?? new Uint8Array()).length;
}

/** How large programs get, by what they use. */
export const SIZES: ReadonlyMap<string, string> = new Map([
  ['everything', "import * as all from '@porchlight/client'; globalThis.all = all;"],
  [
    'a client with a token',
    "import { Client } from '@porchlight/client'; globalThis.it = new Client({ relay: '' });",
  ],
  [
    'the API alone',
    "import { RelayApi } from '@porchlight/client'; globalThis.it = new RelayApi({ relay: '' });",
  ],
  ['Hue', "import * as hue from '@porchlight/client/hue'; globalThis.it = hue;"],
]);
