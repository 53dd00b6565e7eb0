import { Client } from '@porchlight/client';
import {
  type Bridge,
  HueAccount,
  type HueToken,
  localBridge,
  ResourceError,
  remoteBridge,
} from '@porchlight/client/hue';
import { findLoopbackNames } from '@porchlight/client/node';
import { type Answer, curl } from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  agree,
  allowing,
  authorizePage,
  basicOf,
  CALLBACK,
  digestOf,
  type HueApp,
  type HueHome,
  openHueHome,
  POLICY,
  setRemote,
} from './remote-rig.ts';

interface Token {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
  readonly token_type: string;
}

findLoopbackNames();

const TOKEN = '/v2/oauth2/token';
let home: HueHome;
beforeAll(async () => {
  home = await openHueHome();
});
afterAll(() => home.close());

const read = (answer: Answer) => ({ status: answer.status, ...JSON.parse(answer.body) });

/** A code, as a person copies it out of the address line. */
async function code(state = 'xyz', answer = allowing(home.device), app: HueApp = home.app): Promise<string> {
  const back = await agree(home, authorizePage(app, state), answer);
  return back.searchParams.get('code') ?? '';
}

/** As requests-oauthlib: a form, and Basic. */
const byForm = (fields: Record<string, string>, app: HueApp = home.app): Promise<Answer> =>
  home.cloud(TOKEN, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      authorization: basicOf(app),
      'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
    },
    body: new URLSearchParams(fields).toString(),
  });

/** As node-hue-api: all in the query, an empty body, and Digest after a 401. */
async function byQuery(fields: Record<string, string>, app: HueApp = home.app): Promise<Answer> {
  const path = `${TOKEN}?${new URLSearchParams(fields)}`;
  const first = await home.cloud(path, { method: 'POST' });
  expect(first.status).toBe(401);
  const authorization = digestOf(app, first.headers['www-authenticate'] ?? '', 'POST', TOKEN);
  return home.cloud(path, { method: 'POST', headers: { authorization } });
}

async function token(linkButton = false): Promise<Token> {
  const given = {
    grant_type: 'authorization_code',
    code: await code('s', allowing(home.device, 'hue', linkButton)),
  };
  return JSON.parse((await byForm(given)).body);
}

const at =
  ({ access_token }: Pick<Token, 'access_token'>) =>
  async (method: string, path: string, body?: unknown) => {
    const answer = await home.cloud(path, {
      method,
      headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, json: JSON.parse(answer.body) };
  };

async function errorOf(answer: Promise<Answer>): Promise<string> {
  const { status, body } = await answer;
  return `${status} ${JSON.parse(body).error}`;
}

describe('signing in', () => {
  it('sends the browser back with code, state and pkce=0, as the vendor does', async () => {
    const back = await agree(home, authorizePage(home.app, 'a b&c'), allowing(home.device));
    expect(back.origin).toBe(CALLBACK);
    expect([...back.searchParams.keys()].sort()).toEqual(['code', 'pkce', 'state']);
    expect(back.searchParams.get('state')).toBe('a b&c');
    expect(back.searchParams.get('pkce')).toBe('0');
  });

  it('takes what clients send beside it, and tells a no', async () => {
    const more = { redirect_uri: CALLBACK, deviceid: 'd', devicename: 'n', appid: 'a' };
    const back = await agree(home, authorizePage(home.app, 's', more), { allow: false });
    expect(Object.fromEntries(back.searchParams)).toMatchObject({ error: 'access_denied', state: 's' });
  });

  it('shows a page and sends nobody anywhere when the app is unknown or names a wrong callback', async () => {
    const unknown = await home.cloud('/v2/oauth2/authorize?client_id=x&response_type=code', {
      headers: { accept: 'text/html' },
    });
    expect([unknown.status, unknown.headers.location]).toEqual([400, undefined]);
    expect(unknown.body).toContain('no app with this client_id');
    const wrong = authorizePage(home.app, 's', { redirect_uri: 'https://evil.example' });
    await expect(agree(home, wrong, allowing(home.device))).rejects.toThrow(/400|no consent/);
    const twice = await home.cloud(`${authorizePage(home.app, 's').pathname}?client_id=a&client_id=b`);
    expect(twice.status).toBe(400);
  });

  it('is for one bridge that is switched on: no other service, no other person’s', async () => {
    const ask = (answer: Parameters<typeof agree>[2], person = home.ann) =>
      agree(home, authorizePage(home.app, 's'), answer, person);
    await expect(ask(allowing(home.device, 'web'))).rejects.toThrow(/more than was asked/);
    await expect(ask(allowing(home.device), home.bob)).rejects.toThrow(/none of the devices/);
    await setRemote(home.ann, home.device, 'web', true);
    await expect(ask({ allow: true, scopes: ['read', 'write'] })).rejects.toThrow(/Choose one bridge/);
    await setRemote(home.ann, home.device, 'web', false);
    await ask({ allow: true, scopes: ['read', 'write'] });
  });
});

describe('tokens', () => {
  it('come by form and Basic, live a week, and are refreshed', async () => {
    const answer = await byForm({ grant_type: 'authorization_code', code: await code() });
    expect(answer.headers['cache-control']).toBe('no-store');
    const first: Token = JSON.parse(answer.body);
    expect(Object.keys(first).sort()).toEqual(['access_token', 'expires_in', 'refresh_token', 'token_type']);
    expect(first).toMatchObject({ expires_in: 604_800, token_type: 'bearer' });
    const next: Token = JSON.parse(
      (await byForm({ grant_type: 'refresh_token', refresh_token: first.refresh_token })).body,
    );
    expect(next.expires_in).toBe(604_800);
    expect((await at(next)('GET', `/bridge/${home.bridge.user}/lights/1`)).json.name).toBe('Porch');
    expect(await errorOf(byForm({ grant_type: 'refresh_token', refresh_token: first.refresh_token }))).toBe(
      '400 invalid_grant',
    );
    expect((await at(next)('GET', `/bridge/${home.bridge.user}/lights`)).status).toBe(401);
  });

  it('come by query and Digest, and are refreshed', async () => {
    const first: Token = JSON.parse(
      (await byQuery({ grant_type: 'authorization_code', code: await code() })).body,
    );
    const next = await byQuery({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
    expect(read(next)).toMatchObject({ status: 200, token_type: 'bearer' });
  });

  it('are refused for a code that was used, is made up or old, and end with its second use', async () => {
    const given = { grant_type: 'authorization_code', code: await code() };
    const first: Token = JSON.parse((await byForm(given)).body);
    expect(await errorOf(byForm(given))).toBe('400 invalid_grant');
    expect((await at(first)('GET', '/bridge/x/lights')).status).toBe(401);
    expect(await errorOf(byForm({ ...given, code: 'made-up' }))).toBe('400 invalid_grant');
    const old = { ...given, code: await code() };
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    expect(await errorOf(byForm(old))).toBe('400 invalid_grant');
    vi.useRealTimers();
    expect(await errorOf(byForm({ grant_type: 'password' }))).toBe('400 unsupported_grant_type');
  });

  it('are refused for a wrong secret, a wrong digest, and another app’s code', async () => {
    const given = { grant_type: 'authorization_code', code: await code() };
    const wrong = { ...home.app, secret: 'pls_wrong' };
    expect(await errorOf(byForm(given, wrong))).toBe('401 invalid_client');
    const refused = await byQuery(given, wrong);
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toMatch(/^Digest realm=".+", nonce=".+"$/);
    const other = await home.bob.api('POST', '/api/me/apps', {
      ...{ name: 'Other', confidential: true, callbacks: [CALLBACK] },
    });
    expect(await errorOf(byForm(given, JSON.parse(other.body)))).toBe('400 invalid_grant');
    expect(
      await errorOf(byForm({ ...given, code: await code(), redirect_uri: 'https://evil.example' })),
    ).toBe('400 invalid_grant');
  });

  it('come by another program’s Digest, which signs the query too', async () => {
    const query = new URLSearchParams({ grant_type: 'authorization_code', code: await code() });
    const { id, secret } = home.app;
    const answer = await curl([
      ...['--digest', '-u', `${id}:${secret}`, '-X', 'POST', '-H', 'Host: hue.localhost'],
      `http://127.0.0.1:${home.relay.port}${TOKEN}?${query}`,
    ]);
    expect(JSON.parse(answer.body)).toMatchObject({ token_type: 'bearer', expires_in: 604_800 });
  });

  it('take a nonce once, and only for the address that it was signed for', async () => {
    const path = `${TOKEN}?grant_type=refresh_token&refresh_token=x`;
    const first = await home.cloud(path, { method: 'POST' });
    const challenge = first.headers['www-authenticate'] ?? '';
    const send = (authorization: string) => home.cloud(path, { method: 'POST', headers: { authorization } });
    const elsewhere = await send(digestOf(home.app, challenge, 'POST', '/bridge'));
    expect(elsewhere.status).toBe(401);
    const right = digestOf(home.app, challenge, 'POST', TOKEN);
    expect(await errorOf(send(right))).toBe('400 invalid_grant');
    const again = await send(right);
    expect([again.status, again.headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining('stale=true'),
    ]);
    const forged = right.replace(/nonce="(.)/, (_all, first) => `nonce="${first === '1' ? '2' : '1'}`);
    expect((await send(forged)).status).toBe(401);
  });
});

describe('the bridge', () => {
  it('is read and switched under both paths, with its own errors', async () => {
    const ask = at(await token());
    const { user } = home.bridge;
    expect((await ask('GET', `/route/api/${user}/groups/2`)).json.name).toBe('Kitchen');
    expect((await ask('PUT', `/bridge/${user}/lights/1/state`, { on: false })).json).toEqual([
      { success: { '/lights/1/state/on': false } },
    ]);
    expect((await ask('GET', `/bridge/${user}/lights/1`)).json.state.on).toBe(false);
    expect((await ask('GET', '/bridge/stranger/lights')).json[0].error.type).toBe(1);
  });

  it('stays closed for its configuration, other paths, nobody, and when it is switched off', async () => {
    const ask = at(await token());
    const { user } = home.bridge;
    expect((await ask('PUT', `/bridge/${user}/config`, { linkbutton: true })).json.code).toBe(
      'denied_by_device',
    );
    expect((await ask('GET', `/bridge/${user}/%2e%2e/x`)).json.code).toBe('ambiguous_path');
    expect((await ask('GET', '/bridgex/y')).status).toBe(404);
    const nobody = await home.cloud('/bridge/x/lights');
    expect([nobody.status, nobody.headers['www-authenticate']]).toEqual([401, 'Bearer realm="Porchlight"']);
    expect((await at({ access_token: 'plo_wrong' })('GET', '/bridge/x')).json.code).toBe('token_invalid');
    await setRemote(home.ann, home.device, 'hue', false);
    expect((await ask('GET', `/bridge/${user}/lights`)).json).toMatchObject({ code: 'forbidden' });
    await setRemote(home.ann, home.device, 'hue', true);
    expect((await ask('GET', `/bridge/${user}/lights`)).status).toBe(200);
  });

  it('is read only by an app that may read only, and by none whose access was ended', async () => {
    const answer = { ...allowing(home.device), scopes: ['read'] } as ReturnType<typeof allowing>;
    const given = { grant_type: 'authorization_code', code: await code('s', answer) };
    const ask = at(JSON.parse((await byForm(given)).body));
    const { user } = home.bridge;
    expect((await ask('GET', `/bridge/${user}/lights/1`)).status).toBe(200);
    expect((await ask('PUT', `/bridge/${user}/lights/1/state`, { on: true })).json.code).toBe(
      'scope_missing',
    );
    const { items } = JSON.parse((await home.ann.api('GET', '/api/me/app-grants')).body);
    expect(items[0]).toMatchObject({ app: { name: 'Lamp remote', owner: 'bob' }, scopes: ['read'] });
    await home.ann.api('DELETE', `/api/me/app-grants/${items[0].id}`);
    expect((await ask('GET', `/bridge/${user}/lights/1`)).status).toBe(401);
  });

  it('is visited in the owner’s audit', async () => {
    await at(await token())('GET', `/bridge/${home.bridge.user}/lights`);
    await vi.waitFor(async () => {
      const { items } = JSON.parse((await home.ann.api('GET', '/api/audit?action=service.opened')).body);
      expect(items[0]).toMatchObject({ target: 'hue--home', detail: { access: 'hue' } });
    });
  });
});

describe('the link button', () => {
  const PRESS = { linkbutton: true };
  const waiting = () =>
    vi.waitFor(async () => {
      const { items } = JSON.parse((await home.ann.api('GET', '/api/me/link-buttons')).body);
      expect(items).toHaveLength(1);
      return items[0];
    });

  it('asks the owner, presses by the device’s agent, and lets this app register', async () => {
    const ask = at(await token());
    const other = at(await token());
    const pressing = ask('PUT', '/bridge/0/config', PRESS);
    const asked = await waiting();
    expect(asked).toMatchObject({ app: 'Lamp remote', device: { name: 'home' }, service: 'hue' });
    expect((await home.bob.api('POST', `/api/me/link-buttons/${asked.id}/allow`)).status).toBe(404);
    expect((await home.ann.api('POST', `/api/me/link-buttons/${asked.id}/allow`)).status).toBe(204);
    expect((await pressing).json).toEqual([{ success: { '/config/linkbutton': true } }]);
    expect((await other('POST', '/bridge', { devicetype: 'other#1' })).json[0].error.type).toBe(101);
    const { username } = (await ask('POST', '/bridge', { devicetype: 'app#1' })).json[0].success;
    expect((await ask('GET', `/bridge/${username}/lights/1`)).json.name).toBe('Porch');
    const { items } = JSON.parse((await home.ann.api('GET', '/api/audit?limit=20')).body);
    expect(items.map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining(['link-button.asked', 'link-button.allowed']),
    );
  });

  it('is out of reach of visitors, whatever they say they are', async () => {
    const { access_token } = await token();
    const headers = {
      authorization: `Bearer ${access_token}`,
      'x-porchlight-role': 'link-button',
      x_porchlight_role: 'link-button',
    };
    const ask = { method: 'PUT', headers, body: '{"linkbutton":true}' };
    const visit = await home.relay.visit('hue--home.localhost', '/api/0/config', ask);
    expect([visit.status, JSON.parse(visit.body).code]).toEqual([403, 'denied_by_device']);
    const remote = await home.cloud('/bridge/0/config/linkbutton', ask);
    expect([remote.status, JSON.parse(remote.body).code]).toEqual([403, 'denied_by_device']);
  });

  it('is not pressed for a no, nor asked for again at once', async () => {
    const ask = at(await token());
    const pressing = ask('PUT', '/route/api/0/config', PRESS);
    await home.ann.api('POST', `/api/me/link-buttons/${(await waiting()).id}/deny`);
    expect(await pressing).toMatchObject({ status: 403, json: { code: 'forbidden' } });
    expect((await ask('PUT', '/bridge/0/config', PRESS)).status).toBe(403);
    expect((await ask('PUT', '/bridge/0/config', { name: 'x' })).json[0].error.type).toBe(6);
    expect((await ask('PUT', '/bridge/0/config', 'x'.repeat(2_000))).json.code).toBe('too_large');
  });

  it('is asked for no longer than the program waits', async () => {
    const { access_token } = await token();
    const leave = new AbortController();
    const pressing = fetch(`${home.at}/bridge/0/config`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${access_token}` },
      body: JSON.stringify(PRESS),
      signal: leave.signal,
    });
    const { id } = await waiting();
    leave.abort();
    await expect(pressing).rejects.toThrow();
    await vi.waitFor(async () => {
      expect(JSON.parse((await home.ann.api('GET', '/api/me/link-buttons')).body).items).toEqual([]);
    });
    expect((await home.ann.api('POST', `/api/me/link-buttons/${id}/allow`)).status).toBe(404);
  });

  it('is pressed without asking for an app that was let do so', async () => {
    const ask = at(await token(true));
    expect((await ask('PUT', '/bridge/0/config', PRESS)).json).toEqual([
      { success: { '/config/linkbutton': true } },
    ]);
    expect((await ask('POST', '/route/api', { devicetype: 'app#2' })).json[0].success.username).toMatch(
      /^\w+$/,
    );
  });

  it('has to be pressed by hand where the device’s policy keeps it out of reach', async () => {
    await home.policy('service hue\n deny PUT,DELETE /api/*/config/**\n allow * /api/**\n default deny\n');
    home.releaseButton();
    const ask = at(await token(true));
    const answer = await ask('PUT', '/bridge/0/config', PRESS);
    expect(answer.json[0].error).toMatchObject({ type: 101, address: '/config/linkbutton' });
    expect((await ask('POST', '/bridge', { devicetype: 'app#3' })).json[0].error.type).toBe(101);
    await fetch(`${home.target}/button`, { method: 'POST' });
    expect((await ask('POST', '/bridge', { devicetype: 'app#3' })).json[0].success).toBeDefined();
  });
});

describe('programs with the client library', () => {
  /** What a program does with a bridge, wherever it is. */
  async function use(bridge: Bridge): Promise<unknown> {
    await bridge.lights[2].state({ on: true, bri: 50 });
    const { name, state } = await bridge.lights[2]();
    const problem = await bridge.lights[99]().catch((error: unknown) => error);
    return [name, state.bri, problem instanceof ResourceError && problem.type];
  }

  it('use a bridge on the LAN, by a service’s fetch, and by the remote API in one way', async () => {
    const { user } = home.bridge;
    const local = await use(localBridge(home.target, user));
    expect(local).toEqual(['Reading lamp', 50, 3]);
    const made = await home.ann.api('POST', '/api/me/access-tokens', {
      ...{
        name: 'a program',
        grant: { scopes: ['write'], devices: [{ id: home.device.id, services: ['hue'] }] },
      },
    });
    const { token: plt } = JSON.parse(made.body);
    const client = new Client({ relay: `http://localhost:${home.relay.port}`, token: plt });
    const service = client.device('home').service('hue');
    expect(await use(localBridge((path, init) => service.fetch(path, init), user))).toEqual(local);
    const { id: clientId, secret: clientSecret } = home.app;
    const at = `http://hue.localhost:${home.relay.port}`;
    expect(await use(remoteBridge({ at, clientId, clientSecret, user, token: await token() }))).toEqual(
      local,
    );
    expect(
      await use(remoteBridge({ at, clientId, clientSecret, user, token: { access_token: plt } })),
    ).toEqual(local);
  });

  it('renew what has ended, and register by the remote link button', async () => {
    await home.policy(POLICY);
    const kept: HueToken[] = [];
    const { refresh_token } = await token(true);
    const account = new HueAccount({
      ...{ at: home.at, clientId: home.app.id, clientSecret: home.app.secret },
      token: { access_token: 'plo_ended', refresh_token },
      onToken: (renewed) => void kept.push(renewed),
    });
    const user = await account.createUser('my-program#test');
    expect(await use(account.bridge(user))).toEqual(['Reading lamp', 50, 3]);
    expect(kept).toHaveLength(1);
  });
});
