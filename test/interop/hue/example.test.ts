import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type LightBridge, startLightBridge } from '../../../demo/src/lights/index.ts';
import { type CloudRig, openCloudRig } from './cloud-rig.ts';
import { agree, allowing, openHueHome } from './remote-rig.ts';

const EXAMPLE = join(import.meta.dirname, '../../../examples/hue/lamps.ts');

let home: LightBridge;
let cloud: CloudRig;
let folder: string;
beforeEach(async () => {
  home = await startLightBridge();
  cloud = await openCloudRig(`http://127.0.0.1:${home.port}`, home.user);
  folder = await mkdtemp(join(tmpdir(), 'hue-example-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  await cloud.close();
  await home.close();
});

/** Runs the example to its end; `onAsked` sees what it tells its person, and may answer. */
async function run(
  args: string[],
  kept: string,
  onAsked: (words: string, answer: (line: string) => void) => void,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = spawn(process.execPath, [EXAMPLE, ...args], {
    env: {
      ...process.env,
      HUE_KEPT: join(folder, kept),
      HUE_CLIENT_ID: cloud.app.clientId,
      HUE_CLIENT_SECRET: cloud.app.clientSecret,
      ...env,
    },
  });
  let [out, asked] = ['', ''];
  child.stdout.on('data', (part) => (out += part));
  child.stderr.on('data', (part) => {
    asked += part;
    onAsked(asked, (line) => child.stdin.end(`${line}\n`));
  });
  const [code] = await once(child, 'close');
  expect({ code, asked: code === 0 ? '' : asked }).toEqual({ code: 0, asked: '' });
  return out;
}

it('prints the same through a relay', async () => {
  const relayed = await openHueHome();
  try {
    const { origin } = new URL(relayed.target);
    const local = await run(['local', origin], 'local.json', (words) => {
      if (words.includes('button')) void fetch(`${origin}/button`, { method: 'POST' });
    });
    relayed.releaseButton();
    const { id, secret } = relayed.app;
    const [opened, copied] = [Promise.withResolvers<URL>(), Promise.withResolvers<URL>()];
    const env = { HUE_CLIENT_ID: id, HUE_CLIENT_SECRET: secret };
    const remote = run(
      ['remote', relayed.at],
      'relay.json',
      (words, answer) => {
        const page = /^http\S+$/m.exec(words)?.[0];
        if (page === undefined || !words.includes('copy the address')) return;
        opened.resolve(new URL(page));
        void copied.promise.then((url) => answer(url.href));
      },
      env,
    );
    copied.resolve(await agree(relayed, await opened.promise, allowing(relayed.device)));
    const asked = await vi.waitFor(async () => {
      const { items } = JSON.parse((await relayed.ann.api('GET', '/api/me/link-buttons')).body);
      expect(items).toHaveLength(1);
      return items[0];
    });
    await relayed.ann.api('POST', `/api/me/link-buttons/${asked.id}/allow`);
    expect(await remote).toBe(local);
    expect(local).toMatch(/^1 {2}Porch: on, 230 of 254$/m);
  } finally {
    await relayed.close();
  }
});

it('prints the same for a bridge at home and by a cloud, also when it comes back', async () => {
  let pressed: Promise<unknown> | undefined;
  const local = await run(['local', `127.0.0.1:${home.port}`], 'local.json', (words) => {
    if (words.includes('button'))
      pressed ??= fetch(`http://127.0.0.1:${home.port}/button`, { method: 'POST' });
  });
  await pressed;
  expect(local).toMatch(/^1 {2}Porch: on, 230 of 254$/m);
  expect(local).toMatch(/^dimmed to 20$/m);
  expect(local).toMatch(/^lamp 99: .*not available/m);

  let answered = false;
  const remote = await run(['remote', cloud.at], 'remote.json', (words, answer) => {
    const state = /state=([\w-]+)/.exec(words)?.[1];
    if (answered || state === undefined || !words.includes('copy the address')) return;
    answered = true;
    answer(`https://localhost:8584/?pkce=0&code=${cloud.code}&state=${state}`);
  });
  expect(answered).toBe(true);
  expect(remote).toBe(local);
  expect(await run(['remote', cloud.at], 'remote.json', () => undefined)).toBe(local);
  expect((await stat(join(folder, 'remote.json'))).mode & 0o777).toBe(0o600);
});
