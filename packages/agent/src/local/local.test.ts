import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../config/index.ts';
import { callAgent } from './call-agent.ts';
import { type ControlSocket, openControlSocket } from './control-socket.ts';
import { LineSplitter } from './line-splitter.ts';
import type { AgentStatus, ControlHandlers } from './messages.ts';
import { PauseSwitch } from './pause-switch.ts';

const POLICY = { state: 'in_force', since: 1, errors: [], warnings: [] } as const;
const STATUS: AgentStatus = {
  version: '0.1.0',
  pid: 7,
  startedAt: 1,
  name: 'garage',
  relay: 'home.example.net',
  link: { state: 'up', since: 2, transport: 'ssh', rtt: 3.5 },
  paused: false,
  policy: { ...POLICY, errors: [], warnings: [] },
  services: [{ name: 'emoncms', kind: 'http', target: 'http://127.0.0.1:80' }],
};

let folder: string;
let path: string;
let socket: ControlSocket | undefined;
let server: Server | undefined;
let problems: unknown[];
const never = new AbortController().signal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pls-'));
  path = join(folder, 'agent.sock');
  problems = [];
});

afterEach(async () => {
  await socket?.close();
  socket = undefined;
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function open(handlers: Partial<ControlHandlers> = {}): Promise<void> {
  socket = await openControlSocket({
    dataFolder: folder,
    handlers: {
      status: async () => STATUS,
      pause: async () => ({ paused: true }),
      resume: async () => ({ paused: false }),
      reload: async () => ({ policy: { ...POLICY, errors: ['line 1'], warnings: [] }, services: ['a'] }),
      'base-station': () => Promise.reject(new ConfigError('no base station')),
      ...handlers,
    },
    onProblem: (error) => problems.push(error),
  });
}

/** An agent that is not ours: answers in its own way. */
async function impostor(behave: (socket: Socket) => void): Promise<void> {
  server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    behave(socket);
  });
  server.listen(path);
  await once(server, 'listening');
}

describe('control socket', () => {
  it('answers each command, and is for its user alone', async () => {
    await open();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await callAgent(folder, { command: 'status' }, { signal: never })).toEqual(STATUS);
    expect((await callAgent(folder, { command: 'pause' }, { signal: never })).paused).toBe(true);
    expect((await callAgent(folder, { command: 'resume' }, { signal: never })).paused).toBe(false);
    const { policy } = await callAgent(folder, { command: 'reload' }, { signal: never });
    expect(policy.errors).toEqual(['line 1']);
  });

  it('replaces what a killed agent left, and leaves nothing itself', async () => {
    writeFileSync(path, 'stale');
    await open();
    expect((await callAgent(folder, { command: 'status' }, { signal: never })).pid).toBe(7);
    await socket?.close();
    await socket?.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('ends open connections when it closes', async () => {
    await open();
    const client = connect(path);
    await once(client, 'connect');
    const closed = once(client, 'close');
    client.resume();
    await socket?.close();
    await closed;
  });

  it('tells an expected error to the one who asked, and hides others', async () => {
    await open({
      pause: () => Promise.reject(new ConfigError('the disk is full: make room')),
      resume: () => Promise.reject(new Error('token hunter2')),
    });
    await expect(callAgent(folder, { command: 'pause' }, { signal: never })).rejects.toThrow(
      'the disk is full: make room',
    );
    await expect(callAgent(folder, { command: 'resume' }, { signal: never })).rejects.toThrow(
      /its log has the cause/,
    );
    expect(problems).toHaveLength(1);
  });

  it('answers several lines in order, and rubbish too', async () => {
    await open();
    const client = connect(path);
    client.end('{"command":"pause"}\n{"command":"format"}\n[]\nrubbish\n{"command":"resume"}\n');
    const lines = (await text(client))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { ok: boolean });
    expect(lines.map(({ ok }) => ok)).toEqual([true, false, false, false, true]);
  });

  it('survives very_long_line', async () => {
    await open();
    const client = connect(path);
    client.on('error', () => client.destroy());
    client.write('x'.repeat(5_000));
    expect(await text(client)).toContain('too long');
    expect((await callAgent(folder, { command: 'status' }, { signal: never })).pid).toBe(7);
  });

  it('survives two hundred rubbish inputs', async () => {
    await open();
    for (let n = 0; n < 200; n++) {
      const client = connect(path);
      client.on('error', () => client.destroy());
      client.end(Buffer.from(Array.from({ length: n % 50 }, (_, index) => (index * 37 + n * 11) % 256)));
      client.resume();
      await once(client, 'close');
    }
    expect((await callAgent(folder, { command: 'status' }, { signal: never })).pid).toBe(7);
    expect(problems).toEqual([]);
  });
});

describe('callAgent', () => {
  const status = (options = {}) => callAgent(folder, { command: 'status' }, { signal: never, ...options });

  it('says that no agent runs', async () => {
    await expect(status()).rejects.toThrow(/no agent runs on .*porchlight agent run/);
    writeFileSync(path, '');
    await expect(status()).rejects.toThrow(/no agent runs/);
    expect(await status().catch((error: unknown) => error)).toBeInstanceOf(ConfigError);
  });

  it('gives up on an agent that does not answer', async () => {
    await impostor((socket) => socket.resume());
    await expect(status({ deadlineMs: 20 })).rejects.toThrow(/does not answer/);
  });

  it('obeys its signal', async () => {
    const abort = new AbortController();
    await impostor((socket) => socket.once('data', () => abort.abort(new Error('enough'))));
    await expect(status({ signal: abort.signal })).rejects.toThrow('enough');
    await expect(status({ signal: abort.signal })).rejects.toThrow('enough');
  });

  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['closes', (socket) => socket.destroy(), /ended the conversation|cannot be asked/],
    ['answers rubbish', (socket) => socket.write('rubbish\n'), /another version/],
    [
      'answers another shape',
      (socket) => socket.write('{"ok":true,"result":{"pid":1}}\n'),
      /another version/,
    ],
    ['answers without end', (socket) => socket.write('x'.repeat(1_100_000)), /too long/],
  ])('says so when the agent %s', async (_, behave, message) => {
    await impostor(behave);
    await expect(status()).rejects.toThrow(message);
  });
});

describe('PauseSwitch', () => {
  it('keeps its position over a restart', async () => {
    const first = await PauseSwitch.open(folder);
    expect(first.paused).toBe(false);
    expect(await first.set(true, 0)).toBe(true);
    expect(await first.set(true, 0)).toBe(false);
    const second = await PauseSwitch.open(folder);
    expect(second.paused).toBe(true);
    expect(await second.set(false, 0)).toBe(true);
    expect((await PauseSwitch.open(folder)).paused).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('ends where the last of several calls says', async () => {
    const pause = await PauseSwitch.open(folder);
    await Promise.all([pause.set(true, 0), pause.set(false, 0), pause.set(true, 0)]);
    expect(pause.paused).toBe(true);
    expect((await PauseSwitch.open(folder)).paused).toBe(true);
  });

  it('stays on the safe side when the disk does not obey', async () => {
    mkdirSync(join(folder, 'paused'));
    const pause = await PauseSwitch.open(folder);
    expect(pause.paused).toBe(true);
    await expect(pause.set(false, 0)).rejects.toThrow(/still paused/);
    expect(pause.paused).toBe(true);
    await expect(pause.set(true, 0)).rejects.toThrow(/not beyond a restart/);
  });
});

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    const chunks = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '\n', '😀'), maxLength: 6 }), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(chunks, fc.nat(3), (chunks, shift) => {
        const whole = Buffer.from(chunks.join(''));
        const splitter = new LineSplitter(10_000);
        const lines: string[] = [];
        for (let at = 0; at < whole.length; at += shift + 1) {
          lines.push(...(splitter.push(whole.subarray(at, at + shift + 1)) ?? []));
        }
        expect(lines).toEqual(whole.toString().split('\n').slice(0, -1));
      }),
      { numRuns: 5_000, interruptAfterTimeLimit: 2_000 },
    );
  });

  it('holds no more than one line of the longest length', () => {
    expect(new LineSplitter(3).push(Buffer.from('abc\nab'))).toEqual(['abc']);
    expect(new LineSplitter(3).push(Buffer.from('abcd'))).toBeUndefined();
    expect(new LineSplitter(3).push(Buffer.from('a\nabcd\n'))).toBeUndefined();
  });
});
