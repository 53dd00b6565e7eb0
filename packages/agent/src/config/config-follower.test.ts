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

/** Lets looks happen, to show that nothing comes of them. */
async function looks(count: number): Promise<void> {
  for (let look = 0; look < count; look++) {
    await clock.advance(CONFIG_LOOK_MS);
    await new Promise((resolve) => setTimeout(resolve, 5)); // reading goes through the thread pool
  }
}

/** Lets looks happen until so much was told. */
async function told(list: readonly unknown[], count: number): Promise<void> {
  while (list.length < count) await looks(1);
}

describe('the configuration follower', () => {
  it('takes a change over once it has settled, and is quiet without one', async () => {
    write('a');
    const made = await open();
    await looks(3);
    expect(changes).toEqual([]);
    write('a', 'b');
    await looks(1);
    expect(changes).toEqual([]);
    await told(changes, 1);
    expect(changes).toEqual([['a', 'b']]);
    await looks(3);
    expect(changes).toHaveLength(1);
    expect(names(made.config)).toEqual(['a', 'b']);
  });

  it('sees a file that is replaced by another of the same size', async () => {
    write('aa');
    await open();
    write('bb');
    renameSync(path, `${path}.new`);
    renameSync(`${path}.new`, path);
    await told(changes, 1);
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
      await told(problems, 1);
      await looks(3);
      expect(changes).toEqual([]);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(path);
      expect(made.error).toBe(problems[0]);
      expect(names(made.config)).toEqual(['a']);
      await expect(made.reload()).rejects.toThrow(problems[0]);
      expect(problems).toHaveLength(2);
      write('b');
      await told(changes, 1);
      expect(changes).toEqual([['b']]);
      expect(made.error).toBeUndefined();
    },
  );

  it('does not take over what cannot change while the agent runs', async () => {
    write('a');
    const made = await open((next) => (next.services.has('z') ? 'z needs a restart' : undefined));
    write('z');
    await told(problems, 1);
    expect(problems).toEqual(['z needs a restart']);
    expect(names(made.config)).toEqual(['a']);
  });

  it('reloads at once when it is asked to', async () => {
    write('a');
    const made = await open();
    write('b');
    expect(names(await made.reload())).toEqual(['b']);
    await looks(3);
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
    await told(changes, 1);
    expect(changes).toEqual([['a']]);
  });
});
