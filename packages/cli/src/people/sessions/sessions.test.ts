import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runSession } from './run-session-rig.ts';
import { type ScriptedRelay, startScriptedRelay } from './scripted-relay-rig.ts';

/** Whole sessions, each in a file with what was typed and every word of the answer; `vitest -u` writes them anew. */
const files = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.session'));
let relay: ScriptedRelay;
let config: string;

beforeAll(async () => {
  relay = await startScriptedRelay();
  config = await mkdtemp(join(tmpdir(), 'porchlight-session-'));
});
afterAll(async () => {
  await relay.close();
  await rm(config, { recursive: true, force: true });
});

it('there are sessions', () => expect(files.length).toBeGreaterThan(5));

it.each(files)('%s', async (name) => {
  const path = join(import.meta.dirname, name);
  const folder = join(config, name);
  const shown = await runSession(await readFile(path, 'utf8'), { port: relay.port, config: folder });
  await expect(shown).toMatchFileSnapshot(path);
});
