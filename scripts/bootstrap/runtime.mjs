// Which Node runs the checkout: the one that its `node` dependency brings, or the running one if that is new
// enough and the other cannot be had.
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const modules = join(root, 'node_modules');

/** Oldest Node that runs TypeScript by type stripping without a flag in this line of versions. */
const FLOOR = [22, 18];

/** The pinned Node's binary, wherever npm put it; undefined when this platform has none. */
export function pinnedNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const path = join(modules, 'node', 'bin', name);
  return existsSync(path) ? path : undefined;
}

/** Folder with `include/node`, the pinned Node's headers, as node-gyp wants it. */
export function pinnedHeaders() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const prefix = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  const name = `${prefix}-${platform}-${process.arch}`;
  const places = [join(modules, 'node', 'node_modules', name), join(modules, name)];
  return places.find((place) => existsSync(join(place, 'include', 'node', 'node.h')));
}

export function runningIsNewEnough() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1]);
}

/** Version of the Node that {@link chooseNode} gives, read without starting it. */
export function chosenVersion() {
  if (pinnedNode() === undefined) return process.versions.node;
  return JSON.parse(readFileSync(join(modules, 'node', 'package.json'), 'utf8')).version;
}

/** The binary that everything runs under. Throws an error that says what to do when there is none. */
export function chooseNode() {
  const pinned = pinnedNode();
  if (pinned !== undefined) return pinned;
  if (runningIsNewEnough()) return process.execPath;
  throw new Error(
    `npm has no Node for ${process.platform}-${process.arch}, and this one is ${process.version}; ` +
      `install Node ${FLOOR.join('.')} or newer`,
  );
}

/** The environment for what runs: the checkout's programs, and its Node, first in PATH. */
export function environment() {
  const key = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const pinned = pinnedNode();
  const first = [join(modules, '.bin'), ...(pinned === undefined ? [] : [dirname(pinned)])];
  return { ...process.env, [key]: [...first, process.env[key] ?? ''].join(delimiter) };
}
