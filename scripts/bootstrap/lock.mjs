// One install at a time in a checkout, however many commands start at once.
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';

/** The holder touches the lock this often. */
const TOUCH_MS = 2000;
/** A lock of another machine or container that has not been touched for so long is left over. */
const STALE_MS = 30_000;
const POLL_MS = 200;

/** Does `work` while holding the lock file; waits for whoever holds it. `waiting` is called once if so. */
export async function withLock(file, work, waiting) {
  mkdirSync(dirname(file), { recursive: true });
  for (let first = true; !take(file); first = false) {
    if (first) waiting();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const free = () => rmSync(file, { force: true });
  const touch = setInterval(() => utimesSync(file, new Date(), new Date()), TOUCH_MS);
  const stop = () => process.exit(130);
  process.once('exit', free);
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    free();
    process.removeListener('exit', free);
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
}

function take(file) {
  try {
    writeFileSync(file, JSON.stringify({ pid: process.pid, host: hostname() }), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (leftOver(file)) rmSync(file, { force: true });
    return false;
  }
}

function leftOver(file) {
  try {
    const old = Date.now() - statSync(file).mtimeMs > STALE_MS;
    const holder = readFileSync(file, 'utf8');
    // Just made and not yet written: somebody is about to hold it.
    if (holder === '') return old;
    const { pid, host } = JSON.parse(holder);
    return host === hostname() ? !alive(pid) : old;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
