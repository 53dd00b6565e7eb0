// Runs one of the checkout's commands under the Node that the checkout brings along, after installing the
// dependencies when they are missing or old. Plain JavaScript for Node 18, because that may be what starts it.
//
//   node scripts/run.mjs start|test|bench|check|format|build|reference|porchlight [arguments]
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { prepare } from './bootstrap/prepare.mjs';
import { environment, root } from './bootstrap/runtime.mjs';

/** Command → arguments for Node, paths from the root of the checkout. */
const commands = new Map([
  ['start', ['scripts/tasks/start.ts']],
  ['test', ['scripts/tasks/test.ts']],
  ['bench', ['test/bench/main.ts']],
  ['check', ['scripts/tasks/check.ts']],
  ['format', ['node_modules/@biomejs/biome/bin/biome', 'check', '--write', '.']],
  ['build', ['scripts/tasks/build.ts']],
  ['reference', ['scripts/reference.ts']],
  ['porchlight', ['packages/cli/src/main.ts']],
]);

/**
 * Ctrl-C in a terminal reaches the child by itself, as all of the foreground group; passing it on too would
 * look like a second, impatient Ctrl-C.
 */
const inTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;

function run(node, args, cwd) {
  const child = spawn(node, args, { cwd, stdio: 'inherit', env: environment() });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !inTerminal) child.kill(signal);
    });
  }
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function fail(message) {
  console.error(`porchlight: ${message}`);
  process.exit(1);
}

const [name = '', ...rest] = process.argv.slice(2);
const command = commands.get(name);
if (command === undefined) fail(`no command "${name}"; there are: ${[...commands.keys()].join(', ')}`);
try {
  const node = await prepare();
  const [entry, ...fixed] = command;
  // `porchlight` takes file names from its caller, so it stays in the caller's folder.
  run(node, [join(root, entry), ...fixed, ...rest], name === 'porchlight' ? process.cwd() : root);
} catch (error) {
  fail(error.message);
}
