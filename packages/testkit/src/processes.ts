import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '../../..');
/** The Node of the checkout, as people get it through npm. */
const NODE = join(ROOT, 'node_modules/.bin/node');
const CLI = join(ROOT, 'packages/cli/src/main.ts');
/** Lines kept of what a program said: enough to explain a failure. */
const LINES_MAX = 5_000;
/** Whoever waits for a line that never comes is told what came instead. */
const LINE_TIMEOUT_MS = 60_000;

export interface StartOptions {
  /** Network namespace to run in. */
  readonly netns?: string | undefined;
  /** Added to this process's environment; proxies are taken out of that first. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Given on standard input, which then ends. */
  readonly input?: string;
}

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A JSON object that a program wrote on a line of its own. */
export type JsonLine = Readonly<Record<string, unknown>>;

export interface RunningProgram {
  readonly pid: number;
  /** What it wrote so far, standard output and error, the last lines. */
  readonly lines: readonly string[];
  /** Resolves with the first JSON line, past ones included from the `since`th on, for which this holds. */
  json(holds: (line: JsonLine) => boolean, since?: number): Promise<JsonLine>;
  /** How many lines there were so far; for `since`. */
  readonly lineCount: number;
  readonly ended: Promise<Ended>;
  /** Sends the signal (SIGTERM by default) and waits for the end; SIGKILL follows when that takes 45 s. Idempotent. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
  /** MiB of memory in use: now, and at most since the start (`VmHWM` of proc(5)). */
  memory(): { readonly now: number; readonly peak: number };
}

/**
 * Starts a program that ends with this process, however that ends. Its output is read to the end, so that it never
 * waits for us.
 */
export function startProgram(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): RunningProgram {
  const child = spawnIn(command, args, options);
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${command} cannot be started`);
  const lines: string[] = [];
  let dropped = 0;
  const waiting = new Set<() => void>();
  let over: Ended | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) throw new Error('the program has no output');
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > LINES_MAX) {
        lines.shift();
        dropped += 1;
      }
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      over = { code, signal };
      resolve(over);
      for (const look of waiting) look();
    });
  });
  const said = (): string => lines.slice(-30).join('\n');
  return {
    pid,
    lines,
    get lineCount() {
      return dropped + lines.length;
    },
    ended,
    json: (holds, since = 0) =>
      new Promise((resolve, reject) => {
        let next = Math.max(0, since - dropped) + dropped;
        const settle = (act: () => void): void => {
          waiting.delete(look);
          clearTimeout(timer);
          act();
        };
        const look = (): void => {
          for (; next < dropped + lines.length; next += 1) {
            const parsed = parse(lines[Math.max(0, next - dropped)] ?? '');
            if (parsed !== undefined && holds(parsed)) return settle(() => resolve(parsed));
          }
          if (over === undefined) return;
          settle(() => reject(new Error(`${command} ended (${over?.code ?? over?.signal}):\n${said()}`)));
        };
        const timer = setTimeout(() => {
          settle(() => reject(new Error(`the awaited line did not come; there was:\n${said()}`)));
        }, LINE_TIMEOUT_MS);
        waiting.add(look);
        look();
      }),
    async stop(signal = 'SIGTERM') {
      if (over !== undefined) return over;
      const timer = setTimeout(() => child.kill('SIGKILL'), 45_000);
      child.kill(signal);
      try {
        return await ended;
      } finally {
        clearTimeout(timer);
      }
    },
    memory() {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const mebibytes = (name: string) =>
        Math.round(Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? Number.NaN) / 1024);
      return { now: mebibytes('VmRSS'), peak: mebibytes('VmHWM') };
    },
  };
}

/** What a program that ran to its end said. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; a code other than 0 is no error. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Finished> {
  const child = spawnIn(command, args, options);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Starts `porchlight …` as a process of its own. */
export function startPorchlight(args: readonly string[], options: StartOptions = {}): RunningProgram {
  return startProgram(NODE, [CLI, ...args], quietly(args, options));
}

/** Runs `porchlight …` to its end. */
export function runPorchlight(args: readonly string[], options: StartOptions = {}): Promise<Finished> {
  return runProgram(NODE, [CLI, ...args], quietly(args, options));
}

/** Relays side by side cannot all have MQTT's own ports; a flag goes before this. */
const ANY_MQTT_PORTS = { PORCHLIGHT_MQTT_PORT: '0', PORCHLIGHT_MQTTS_PORT: '0' };

/** Agents side by side cannot all have the settings page's own port. */
function quietly([what]: readonly string[], options: StartOptions): StartOptions {
  if (what === 'agent') return { ...options, env: { PORCHLIGHT_SETTINGS: 'off', ...options.env } };
  return what === 'relay' ? { ...options, env: { ...ANY_MQTT_PORTS, ...options.env } } : options;
}

/** Runs a TypeScript file of the tests under the checkout's Node. */
export function startScript(
  file: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): RunningProgram {
  return startProgram(NODE, [file, ...args], options);
}

const PROXIES = /^(?:https?_proxy|all_proxy|no_proxy|porchlight_.*)$/i;

function spawnIn(command: string, args: readonly string[], options: StartOptions): ChildProcess {
  // Each of these replaces itself by the next, so that the process id is the program's own. The kernel kills the
  // program when this process is gone.
  const line = [
    ...(options.netns === undefined ? [] : ['ip', 'netns', 'exec', options.netns]),
    'setpriv',
    '--pdeathsig',
    'KILL',
    command,
    ...args,
  ];
  const inherited = Object.entries(process.env).filter(
    ([name]) => !PROXIES.test(name) && name !== 'NODE_ENV',
  );
  const child = spawn(line[0] ?? '', line.slice(1), {
    cwd: options.cwd ?? ROOT,
    env: { ...Object.fromEntries(inherited), ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  // A program that does not read its input ends the pipe early.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input);
  return child;
}

function parse(line: string): JsonLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as JsonLine;
  } catch {
    // A line of text that happens to begin with a brace.
    return undefined;
  }
}
