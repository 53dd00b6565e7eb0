/** The program for devices as one file: `dist/porchlight.mjs`, the command without the relay. */
import { existsSync } from 'node:fs';
import { chmod, rename, rm, stat } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join, sep } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** Where the bundle is, below the root of the checkout. */
export const BUNDLE = 'dist/porchlight.mjs';

/** Oldest Node that the bundle runs on: older ones get one line that says so. */
export const BUNDLE_FLOOR = [20, 19] as const;

/**
 * Comes first in the file, and brings along the two functions that Node 20 lacks: Debian 13, and so Raspberry Pi OS, has
 * no newer one. The file has no static imports at all, so this check runs before anything that an
 * old Node lacks is looked for.
 */
const BANNER = `#!/usr/bin/env node
{
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < ${BUNDLE_FLOOR[0]} || (major === ${BUNDLE_FLOOR[0]} && minor < ${BUNDLE_FLOOR[1]})) {
    console.error('error: porchlight needs Node ${BUNDLE_FLOOR.join('.')} or newer, this is ' + process.version);
    process.exit(1);
  }
}
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new this((yes, no) => { resolve = yes; reject = no; });
  return { promise, resolve, reject };
};
URL.parse ??= (url, base) => (URL.canParse(url, base) ? new URL(url, base) : null);
const require = (await import('node:module')).createRequire(import.meta.url);
const __filename = (await import('node:url')).fileURLToPath(import.meta.url);
const __dirname = require('node:path').dirname(__filename);`;

const builtins = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

/** Loads Node's own modules by `require`, as a static import of a missing name would beat the banner's check. */
const requiredBuiltins: Plugin = {
  name: 'required-builtins',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^[a-z_:/]+$/ }, ({ path, kind }) =>
      builtins.has(path) && kind !== 'require-call' ? { path, namespace: 'builtin' } : undefined,
    );
    esbuild.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`,
    }));
  },
};

/** ssh2's native parts stay outside: used when they lie beside the bundle, done without when not. */
const optionalNative: Plugin = {
  name: 'optional-native',
  setup(esbuild) {
    esbuild.onResolve({ filter: /sshcrypto\.node$/ }, () => ({ path: './sshcrypto.node', external: true }));
    esbuild.onResolve({ filter: /^cpu-features$/ }, ({ path }) => ({ path, external: true }));
  },
};

/** zod carries its messages in fifty languages; the agent speaks one. */
const oneLanguage: Plugin = {
  name: 'one-language',
  setup(esbuild) {
    esbuild.onResolve({ filter: /\/locales\/index\.js$/ }, ({ path, importer }) =>
      importer.includes(`${sep}zod${sep}`) ? { path, namespace: 'no-locales' } : undefined,
    );
    esbuild.onLoad({ filter: /.*/, namespace: 'no-locales' }, () => ({ contents: 'export {};' }));
  },
};

export interface Bundle {
  file: string;
  bytes: number;
}

/** Builds the bundle. Throws esbuild's error, or one of our own when the relay got into it. */
export async function buildBundle(root: string): Promise<Bundle> {
  const device = join(root, 'packages/cli/src/device.ts');
  const file = join(root, BUNDLE);
  // Whoever reads the file meanwhile gets the old one whole.
  const fresh = `${file}.${process.pid}`;
  const { metafile } = await build({
    entryPoints: [existsSync(device) ? device : join(root, 'packages/agent/src/index.ts')],
    outfile: fresh,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'silent',
    metafile: true,
    banner: { js: BANNER },
    plugins: [requiredBuiltins, optionalNative, oneLanguage],
  });
  const strangers = Object.keys(metafile.inputs).filter((input) => input.startsWith('packages/relay/'));
  if (strangers.length > 0) {
    await rm(fresh);
    throw new Error(`the device bundle contains relay code: ${strangers.join(', ')}`);
  }
  await chmod(fresh, 0o755);
  await rename(fresh, file);
  return { file, bytes: (await stat(file)).size };
}
