#!/usr/bin/env node
// Starts the `porchlight` command under a Node that runs TypeScript. Plain JavaScript for any Node.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, '..', 'src', 'main.ts');
const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  await import('../src/main.ts');
} else {
  const pinned = join(here, '..', '..', '..', 'node_modules', 'node', 'bin', 'node');
  if (existsSync(pinned)) {
    restart(pinned);
  } else {
    console.error(`error: porchlight needs Node 22.18 or newer, this is ${process.version}`);
    console.error('hint: in a checkout run `npm ci`, which brings one along; or install Node 24');
    process.exitCode = 1;
  }
}

function restart(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // In a terminal Ctrl-C reaches the child by itself.
  const inTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !inTerminal) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
