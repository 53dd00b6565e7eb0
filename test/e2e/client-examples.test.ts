import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningProgram, startScript } from '@porchlight/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeToken, startHome } from './client-rig.ts';

const FOLDER = join(import.meta.dirname, '../../examples/client');
const NAMES = join(import.meta.dirname, '../../packages/testkit/src/loopback-names-program.ts');
let home: Awaited<ReturnType<typeof startHome>>;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  home = await startHome();
  folder = await mkdtemp(join(tmpdir(), 'porchlight-examples-'));
  env = {
    PORCHLIGHT_RELAY: home.origin,
    PORCHLIGHT_TOKEN: (await makeToken(home.alice)).token,
    PORCHLIGHT_TOKENS: join(folder, 'tokens.json'),
    NODE_OPTIONS: `--import ${NAMES}`,
  };
});
afterAll(async () => {
  await home.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (name: string, ...args: string[]): RunningProgram =>
  startScript(join(FOLDER, `${name}.ts`), args, { env });

/** What it has said so far. */
const said = (program: RunningProgram): string => program.lines.join('\n');
const toEnd = async (program: RunningProgram): Promise<[number | null, string]> => [
  (await program.ended).code,
  said(program),
];

it('fetch.ts prints what a service says, or what is wrong', async () => {
  const [code, text] = await toEnd(run('fetch', 'shed', 'web', '/hello'));
  expect([code, text]).toEqual([0, expect.stringContaining('200, over the relay\n')]);
  expect(text).toContain('"url":"/hello"');
  const wrong = await toEnd(run('fetch', 'shed', 'none', '/'));
  expect(wrong).toEqual([1, expect.stringContaining('(service_unknown)\nhint: ')]);
});

it('tcp.ts prints what the device answers', async () => {
  expect(await toEnd(run('tcp', 'shed', 'echo', 'hello', 'there'))).toEqual([0, 'hello there']);
});

it('watch.ts tells when the device goes and comes back', async () => {
  const program = run('watch');
  const says = (text: string) => expect.poll(() => said(program), { timeout: 20_000 }).toBe(text);
  await says('shed is online');
  await home.device.stop();
  await says('shed is online\nshed is offline');
  await home.device.start();
  await says('shed is online\nshed is offline\nshed is online');
  await program.stop();
});

it('sign-in.ts asks once, and not again', async () => {
  const program = run('sign-in');
  await expect.poll(() => said(program), { timeout: 20_000 }).toMatch(/and type [A-Z]{4}-[A-Z]{4}$/);
  const code = /[A-Z]{4}-[A-Z]{4}$/.exec(said(program))?.[0] ?? '';
  await home.alice.api('POST', `/api/me/device-codes/${code}`, { allow: true, scopes: ['read'] });
  expect(await toEnd(program)).toEqual([0, expect.stringContaining('Signed in as alice\nshed: up')]);
  expect(await toEnd(run('sign-in'))).toEqual([0, 'Signed in as alice\nshed: up']);
});
