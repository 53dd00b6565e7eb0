// Makes node_modules fit the lock file and the Node in use. Does nothing, quickly, when it already does.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildCipher, cipherLoads } from './cipher.mjs';
import { fits } from './fits.mjs';
import { withLock } from './lock.mjs';
import { npm, quiet } from './npm.mjs';
import { chooseNode, chosenVersion, modules, pinnedHeaders, pinnedNode, root } from './runtime.mjs';

/** Written last: what node_modules was made for. */
const stampFile = join(modules, '.porchlight-stamp');
const lockFile = join(root, '.porchlight', 'install.lock');

/** Gives the Node binary to run everything under, with the dependencies in place. */
export async function prepare() {
  if (!stampIsRight()) {
    await withLock(lockFile, install, () => say('another command is installing; waiting for it …'));
  }
  return chooseNode();
}

async function install() {
  // Whoever held the lock before may have done it all.
  if (stampIsRight()) return;
  if (!fits(root)) {
    say('installing the dependencies (once, about a minute) …');
    await npm(['ci', '--no-audit', '--no-fund', '--include=dev'], inRoot());
  }
  // An `npm install` made by hand prunes the headers that came with the pinned Node.
  const pinned = pinnedNode();
  if (pinned === undefined || (pinnedHeaders() === undefined && !(await cipherLoads(pinned))))
    await fetchNode();
  await buildCipher(chooseNode(), inRoot(), say);
  writeFileSync(stampFile, stamp());
}

/** Where install scripts are switched off the `node` package has not fetched its binary: do it now. */
async function fetchNode() {
  const folder = join(modules, 'node');
  if (!existsSync(join(folder, 'installArchSpecificPackage.js'))) return;
  // A platform without one is no error: chooseNode falls back or says what to install.
  await quiet(process.execPath, ['installArchSpecificPackage.js'], { cwd: folder, env: inRoot() });
}

/** npm tells its children which project it works on; ours is this checkout, wherever the caller stood. */
function inRoot() {
  const env = { ...process.env };
  for (const name of ['npm_config_local_prefix', 'npm_config_workspace', 'npm_config_omit']) delete env[name];
  return env;
}

function stampIsRight() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp();
}

function stamp() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return `${lock} ${chosenVersion()} ${process.platform}-${process.arch}\n`;
}

function say(line) {
  console.error(`porchlight: ${line}`);
}
