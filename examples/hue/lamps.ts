/**
 * Lists the lamps of a Hue bridge, dims the first and puts it back: the same program for a bridge at home and one far
 * away.
 *
 *     node lamps.ts local 192.168.1.20
 *     HUE_CLIENT_ID=… HUE_CLIENT_SECRET=… node lamps.ts remote https://hue.relay.example
 *
 * What it has to remember (the bridge's name for it, the token) is kept in the file HUE_KEPT, `hue-kept.json` unless
 * told otherwise.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { type Bridge, createLocalUser, HueAccount, type HueToken, localBridge } from '@porchlight/client/hue';

interface Kept {
  user?: string;
  token?: HueToken;
}

interface Lamp {
  readonly name: string;
  readonly state: { readonly on: boolean; readonly bri: number };
}

const FILE = process.env['HUE_KEPT'] ?? 'hue-kept.json';
const DEVICE_TYPE = 'porchlight#example';
const onWaiting = (): void => console.error('Press the button on the bridge.');

async function lamps(bridge: Bridge): Promise<void> {
  const all: Record<string, Lamp> = await bridge.lights();
  for (const [id, { name, state }] of Object.entries(all)) {
    console.log(`${id}  ${name}: ${state.on ? `on, ${state.bri} of 254` : 'off'}`);
  }
  const { state: before }: Lamp = await bridge.lights[1]();
  await bridge.lights[1].state({ on: true, bri: 20 });
  console.log(`dimmed to ${(await bridge.lights[1]()).state.bri}`);
  await bridge.lights[1].state({ bri: before.bri });
  await bridge.lights[1].state({ on: before.on });
  await bridge.lights[99]().catch((error: Error) => console.log(`lamp 99: ${error.message}`));
}

async function main([where, address = '']: readonly string[]): Promise<void> {
  const kept: Kept = JSON.parse(await readFile(FILE, 'utf8').catch(() => '{}'));
  if (where === 'local') {
    kept.user ??= await createLocalUser(address, DEVICE_TYPE, { onWaiting });
    await keep(kept);
    return lamps(localBridge(address, kept.user));
  }
  if (where !== 'remote') throw new Error('Say "local ADDRESS" or "remote ORIGIN"');
  const account = new HueAccount({
    at: address,
    clientId: process.env['HUE_CLIENT_ID'] ?? '',
    clientSecret: process.env['HUE_CLIENT_SECRET'] ?? '',
    token: kept.token,
    onToken: (token) => keep(Object.assign(kept, { token })),
  });
  if (kept.token === undefined) await signIn(account);
  kept.user ??= await account.createUser(DEVICE_TYPE, { onWaiting });
  await keep(kept);
  await lamps(account.bridge(kept.user));
}

async function signIn(account: HueAccount): Promise<void> {
  const { url, state } = account.signInPage();
  console.error(`Open this page and agree:\n${url}`);
  const input = createInterface({ input: process.stdin, output: process.stderr });
  const callback = await input.question('Then copy the address that the browser came to: ');
  input.close();
  await account.signIn(callback, state);
}

/** Whole or not at all: a token that was used is worth nothing. */
async function keep(kept: Kept): Promise<void> {
  await writeFile(`${FILE}.new`, JSON.stringify(kept), { mode: 0o600 });
  await rename(`${FILE}.new`, FILE);
}

await main(process.argv.slice(2));
