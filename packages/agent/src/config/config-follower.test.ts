import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConfigError } from './config-error.ts';
import { AgentConfigFile } from './config-file.ts';
import { CONFIG_LOOK_MS, ConfigFollower } from './config-follower.ts';
import type { AgentConfig } from './schema.ts';

let folder: string;
let path: string;
let clock: FakeClock;
let follower: ConfigFollower | undefined;
let changes: string[][];
let problems: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-config-'));
  path = join(folder, 'agent.yaml');
  clock = new FakeClock();
  changes = [];
  problems = [];
});

afterEach(async () => {
  await follower?.close();
  follower = undefined;
  expect(clock.waiting).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

const names = (config: AgentConfig): string[] => [...config.services.keys()];
const write = (...services: string[]): void =>
  writeFileSync(
    path,
    `services:\n${services.map((name) => `  ${name}: { target: "tcp://127.0.0.1:1" }\n`).join('')}`,
  );

async function open(
  refuse: (next: AgentConfig) => string | undefined = () => undefined,
): Promise<ConfigFollower> {
  follower = await ConfigFollower.open({
    file: new AgentConfigFile(folder),
    clock,
    refuse,
    onChange: (config) => changes.push(names(config)),
    onProblem: ({ message }: ConfigError) => problems.push(message),
  });
  return follower;
}

/** One look at the file, done to its end. */
async function look(): Promise<void> {
  await clock.advance(CONFIG_LOOK_MS);
  // Looks go in turn with reloads, and reading goes through the thread pool.
  await new Promise((resolve) => setTimeout(resolve, 20));
}

async function looks(): Promise<void> {
  await look();
  await look();
}

describe('the configuration follower', () => {
  it('takes a change over once it has settled, and is quiet without one', async () => {
    write('a');
    const made = await open();
    await looks();
    expect(changes).toEqual([]);
    write('a', 'b');
    await look();
    expect(changes).toEqual([]);
    await look();
    expect(changes).toEqual([['a', 'b']]);
    await looks();
    expect(changes).toHaveLength(1);
    expect(names(made.config)).toEqual(['a', 'b']);
  });

  it('sees a file that is replaced by another of the same size', async () => {
    write('aa');
    await open();
    write('bb');
    renameSync(path, `${path}.new`);
    renameSync(`${path}.new`, path);
    await looks();
    expect(changes).toEqual([['bb']]);
  });

  it.each([
    ['is no YAML', () => writeFileSync(path, 'services: [')],
    ['has an unknown key', () => writeFileSync(path, 'services: {}\nserv1ces: {}\n')],
    [
      'has a bad target',
      () => writeFileSync(path, 'services: { web: { target: "http://169.254.169.254" } }'),
    ],
    ['is gone', () => rmSync(path)],
    ['is not text', () => writeFileSync(path, Buffer.from([0xff, 0xfe, 0]))],
  ])(
    'keeps the last good one when the file %s, says so once, and goes on when it is mended',
    async (_what, spoil) => {
      write('a');
      const made = await open();
      spoil();
      await looks();
      await looks();
      expect(changes).toEqual([]);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(path);
      expect(made.error).toBe(problems[0]);
      expect(names(made.config)).toEqual(['a']);
      await expect(made.reload()).rejects.toThrow(problems[0]);
      expect(problems).toHaveLength(2);
      write('b');
      await looks();
      expect(changes).toEqual([['b']]);
      expect(made.error).toBeUndefined();
    },
  );

  it('does not take over what cannot change while the agent runs', async () => {
    write('a');
    const made = await open((next) => (next.services.has('z') ? 'z needs a restart' : undefined));
    write('z');
    await looks();
    expect(problems).toEqual(['z needs a restart']);
    expect(names(made.config)).toEqual(['a']);
  });

  it('reloads at once when it is asked to', async () => {
    write('a');
    const made = await open();
    write('b');
    expect(names(await made.reload())).toEqual(['b']);
    await looks();
    expect(changes).toEqual([['b']]);
  });

  it('starts with no file at all, and not with a broken one', async () => {
    expect(names((await open()).config)).toEqual([]);
    await follower?.close();
    writeFileSync(path, '[');
    await expect(open()).rejects.toThrow(path);
  });

  it('looks again when the permissions change', async () => {
    write('a');
    await open();
    chmodSync(path, 0o600);
    await looks();
    expect(changes).toEqual([['a']]);
  });
});
