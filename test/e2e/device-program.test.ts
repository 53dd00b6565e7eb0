import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type Finished,
  runProgram,
  startProgram,
  startTestRelay,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDeviceProgram } from '../../scripts/tasks/device-program.ts';

/** What Node 20.19, the oldest that the file runs on, lacks of what the agent uses. */
const AS_NODE_20 = `data:text/javascript,${encodeURIComponent('delete Promise.withResolvers; delete URL.parse;')}`;

describe('the agent in one file', () => {
  let relay: TestRelay;
  let owner: TestPerson;
  let folder: string;

  const agent = (...args: string[]): Promise<Finished> =>
    runProgram(process.execPath, ['porchlight.mjs', 'agent', ...args], {
      cwd: folder,
      env: { HOME: folder },
    });

  beforeAll(async () => {
    const root = dirname(dirname(import.meta.dirname));
    expect(await buildDeviceProgram(root)).toMatchObject({ ok: true });
    folder = await mkdtemp(join(tmpdir(), 'porchlight-device-'));
    relay = await startTestRelay();
    owner = await relay.person('alice');
  });
  afterAll(async () => {
    await relay.close();
    await rm(folder, { recursive: true });
  });

  it('is fetched from the relay, with the digest that the dashboard shows', async () => {
    const curl = ['-fsSLo', 'porchlight.mjs', `http://localhost:${relay.port}/install/porchlight.mjs`];
    expect(await runProgram('curl', curl, { cwd: folder })).toMatchObject({ code: 0, stderr: '' });
    const digest = createHash('sha256').update(await readFile(join(folder, 'porchlight.mjs')));
    const me = JSON.parse((await owner.api('GET', '/api/me')).body);
    expect(me.relay.agentSha256).toBe(digest.digest('hex'));
  });

  it('joins, exposes and runs alone in an empty folder', async () => {
    const token = JSON.parse((await owner.api('POST', '/api/enrolment-tokens', {})).body).token;
    const data = ['--data', join(folder, 'data')];
    const url = `http://localhost:${relay.port}`;
    const joined = await agent('join', url, '--token', token, '--name', 'robot', ...data);
    expect(joined).toMatchObject({ code: 0, stderr: '' });
    expect(joined.stdout).toContain('node porchlight.mjs agent run');
    const exposed = await agent('expose', 'web', `http://127.0.0.1:${relay.port}`, ...data);
    expect(exposed).toMatchObject({ code: 0, stderr: '' });
    const running = startProgram(
      process.execPath,
      ['--import', AS_NODE_20, 'porchlight.mjs', 'agent', 'run', ...data],
      { cwd: folder },
    );
    await running.json((line) => line['msg'] === 'link up');
    expect(running.memory().now).toBeLessThan(120);
    const status = await agent('status', '--json', ...data);
    expect(JSON.parse(status.stdout)).toMatchObject({ link: { state: 'up' }, services: [{ name: 'web' }] });
    const { body } = await owner.api('GET', '/api/devices');
    expect(JSON.parse(body).items).toMatchObject([{ name: 'robot', link: { up: true } }]);
    expect(await running.stop()).toEqual({ code: 0, signal: null });
  });

  it('knows nothing of the relay', async () => {
    const asked = await runProgram(process.execPath, ['porchlight.mjs', 'relay'], { cwd: folder });
    expect(asked).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: unknown command 'relay'\n/),
    });
  });
});
