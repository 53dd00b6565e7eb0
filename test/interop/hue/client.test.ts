import {
  type Bridge,
  createLocalUser,
  HueAccount,
  type HueToken,
  localBridge,
  remoteBridge,
} from '@porchlight/client/hue';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LightBridge, startLightBridge } from '../../../demo/src/lights/index.ts';
import { type CloudRig, openCloudRig } from './cloud-rig.ts';

let home: LightBridge;
let address: string;
let cloud: CloudRig;
beforeEach(async () => {
  home = await startLightBridge();
  address = `127.0.0.1:${home.port}`;
  cloud = await openCloudRig(`http://${address}`, home.user);
});
afterEach(async () => {
  await cloud.close();
  await home.close();
});

const press = () => fetch(`http://${address}/button`, { method: 'POST' });
const callback = (state: string): string =>
  `https://localhost:8584/?pkce=0&code=${cloud.code}&state=${state}`;

async function signedIn(more: { onToken?: (token: HueToken) => void } = {}): Promise<HueAccount> {
  const account = new HueAccount({ at: cloud.at, ...cloud.app, ...more });
  const { state } = account.signInPage();
  await account.signIn(callback(state), state);
  return account;
}

/** What a program does with a bridge, wherever it is. */
async function use(bridge: Bridge): Promise<unknown> {
  await bridge.lights[1].state({ on: true, bri: 40 });
  const { name, state } = await bridge.lights[1]();
  const problem = await bridge.lights[99].state({ on: true }).catch((error: Error) => error.message);
  return { name, bri: state.bri, problem };
}

describe('on the LAN', () => {
  it('waits for the button, then uses the bridge', async () => {
    const pressed: unknown[] = [];
    const user = await createLocalUser(address, 'test#one', {
      everyMs: 1,
      onWaiting: () => pressed.push(press()),
    });
    await Promise.all(pressed);
    expect(pressed).toHaveLength(1);
    expect(await use(localBridge(address, user))).toMatchObject({ name: 'Porch', bri: 40 });
  });

  it('gives up with the bridge’s own word, or when told', async () => {
    const once = createLocalUser(address, 'test#one', { patienceMs: 0 });
    await expect(once).rejects.toMatchObject({ type: 101 });
    const stop = new AbortController();
    const waiting = createLocalUser(address, 'test#one', {
      ...{ signal: stop.signal, onWaiting: () => stop.abort(new Error('enough')) },
    });
    await expect(waiting).rejects.toThrow('enough');
  });

  it('takes a fetch for an address', async () => {
    const service = (path: string, init: RequestInit) => fetch(`http://${address}${path}`, init);
    expect(await use(localBridge(service, home.user))).toEqual(await use(localBridge(address, home.user)));
  });
});

describe('by a cloud', () => {
  it('signs in, registers and is then the same object', async () => {
    const account = await signedIn();
    const user = await account.createUser('test#two');
    expect(user).not.toBe(home.user);
    expect(await use(account.bridge(user))).toEqual(await use(localBridge(address, user)));
  });

  it('sends the person to the app’s page', () => {
    const account = new HueAccount(cloud.app);
    const { url, state } = account.signInPage({ deviceId: 'd', deviceName: 'n', appId: 'a' });
    expect(url).toBe(
      `https://api.meethue.com/v2/oauth2/authorize?client_id=app-1&response_type=code&state=${state}&appid=a&deviceid=d&devicename=n`,
    );
    expect(account.signInPage().state).not.toBe(state);
  });

  it('takes no address of another sign-in, no refusal and no old code for a sign-in', async () => {
    const account = new HueAccount({ at: cloud.at, ...cloud.app });
    const { state } = account.signInPage();
    const error = async (address: string) =>
      account.signIn(address, state).catch(({ code }: { code: string }) => code);
    expect(await error(callback('other'))).toBe('bad_request');
    expect(await error('?code=1')).toBe('bad_request');
    expect(await error(`https://x/?state=${state}`)).toBe('bad_request');
    expect(await error(`https://x/?state=${state}&error=access_denied`)).toBe('forbidden');
    expect(cloud.asked).toEqual([]);
    await account.signIn(callback(state), state);
    expect(await error(`https://x/?code=code-1&state=${state}`)).toBe('token_invalid');
    await expect(new HueAccount(cloud.app).bridge('u')()).rejects.toMatchObject({ code: 'not_signed_in' });
    const wrong = new HueAccount({ at: cloud.at, ...cloud.app, clientSecret: 'wrong' });
    await expect(wrong.signIn(callback('s'), 's')).rejects.toMatchObject({ code: 'wrong_credentials' });
  });

  it('renews a token that is about to end, once for many callers, and gives it to be kept', async () => {
    cloud.expiresIn = 30;
    const kept: HueToken[] = [];
    const account = await signedIn({ onToken: (token) => kept.push(token) });
    cloud.expiresIn = 604_800;
    await Promise.all([1, 2, 3, 4].map((light) => account.bridge(home.user).lights[light]()));
    expect(kept.map((token) => token.access_token)).toEqual(['access-1', 'access-2']);
    expect(kept[1]?.expires_at).toBeGreaterThan(Date.now() / 1000 + 600_000);
    const later = remoteBridge({ at: cloud.at, ...cloud.app, user: home.user, token: kept[1] });
    expect(await later.lights[1]()).toHaveProperty('name', 'Porch');
    expect(cloud.asked).toHaveLength(2);
  });

  it('renews a token that was refused, and says so when only signing in helps', async () => {
    const account = await signedIn();
    cloud.expire();
    const lights = await Promise.all([1, 2].map((light) => account.bridge(home.user).lights[light]()));
    expect(lights).toMatchObject([{ name: 'Porch' }, { name: 'Reading lamp' }]);
    expect(cloud.asked).toHaveLength(2);
    const old = { access_token: 'access-1', refresh_token: 'refresh-1', expires_at: 1 };
    const bridge = remoteBridge({ at: cloud.at, ...cloud.app, user: home.user, token: old });
    await expect(bridge()).rejects.toMatchObject({ code: 'token_invalid' });
  });
});
