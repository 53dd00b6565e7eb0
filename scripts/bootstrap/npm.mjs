// Runs npm quietly: its words are shown only when it fails.
import { spawn } from 'node:child_process';
import { root } from './runtime.mjs';

/**
 * Runs npm with `args` in the root of the checkout; throws with its whole output when it fails.
 * The npm that started us is taken, if one did, else the one in PATH.
 */
export async function npm(args, env) {
  const own = process.env.npm_execpath;
  const direct = own !== undefined && /npm-cli\.c?js$/.test(own);
  const result = direct
    ? await quiet(process.execPath, [own, ...args], { env })
    : await quiet('npm', args, { env, shell: process.platform === 'win32' });
  if (result.code !== 0) throw new Error(`npm ${args.join(' ')} failed:\n${result.output}`);
}

/** Runs a program without showing its output. A program that is not there counts as failed. */
export async function quiet(program, args, options) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const output = [];
    child.stdout.on('data', (bytes) => output.push(bytes));
    child.stderr.on('data', (bytes) => output.push(bytes));
    const stop = () => child.kill('SIGTERM');
    process.once('exit', stop);
    const done = (code) => {
      process.removeListener('exit', stop);
      resolve({ code, output: Buffer.concat(output).toString() });
    };
    child.on('error', (error) => {
      output.push(Buffer.from(error.message));
      done(1);
    });
    child.on('close', (code) => done(code ?? 1));
  });
}
