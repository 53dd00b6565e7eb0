import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LightBridge, startLightBridge } from './index.ts';

let now = Date.UTC(2026, 10, 22);
let bridge: LightBridge;
beforeEach(async () => {
  bridge = await startLightBridge({ now: () => now });
});
afterEach(() => bridge.close());

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const init = body === undefined ? { method } : { method, body: text };
  const response = await fetch(`http://127.0.0.1:${bridge.port}${path}`, init);
  expect(response.status).toBe(200);
  return response.json();
}
const api = (method: string, path: string, body?: unknown): Promise<unknown> =>
  ask(method, `/api/${bridge.user}${path}`, body);
const failure = (type: number, address: string): unknown => [
  { error: { type, address, description: expect.any(String) } },
];

describe('registering', () => {
  it('fails with 101 until the button is pressed, and again 30 s after', async () => {
    expect(await ask('POST', '/api', { devicetype: 'a#b' })).toEqual([
      { error: { type: 101, address: '', description: 'link button not pressed' } },
    ]);
    await ask('POST', '/button');
    const [answer] = (await ask('POST', '/api', { devicetype: 'a#b' })) as {
      success: { username: string };
    }[];
    expect(await ask('GET', `/api/${answer!.success.username}/lights`)).toHaveProperty('1.name', 'Porch');
    now += 30_000;
    expect(await ask('POST', '/api', { devicetype: 'a#b' })).toEqual(failure(101, ''));
  });

  it('takes the button from somebody who is registered', async () => {
    expect(await api('PUT', '/config', { linkbutton: true })).toEqual([
      { success: { '/config/linkbutton': true } },
    ]);
    expect(await ask('POST', '/api/', { devicetype: 'a#b' })).toMatchObject([{ success: {} }]);
  });

  it('says what is wrong with the body', async () => {
    expect(await ask('POST', '/api', '{')).toEqual(failure(2, '/'));
    expect(await ask('POST', '/api', {})).toEqual(failure(5, '/'));
    expect(await ask('POST', '/api', { devicetype: 'x'.repeat(41) })).toEqual(failure(7, '/devicetype'));
  });

  it('refuses strangers all but the short configuration', async () => {
    expect(await ask('GET', '/api/stranger/lights')).toEqual(failure(1, '/lights'));
    expect(await ask('PUT', '/api/constructor/lights/1/state', { on: true })).toEqual(
      failure(1, '/lights/1/state'),
    );
    expect(await ask('GET', '/api/config')).toMatchObject({ modelid: 'BSB002' });
    expect(await ask('GET', '/api/stranger/config')).not.toHaveProperty('whitelist');
    expect(await api('GET', '/config')).toHaveProperty(`whitelist.${bridge.user}`);
  });

  it('forgets a user who is taken off the list', async () => {
    const path = `/config/whitelist/${bridge.user}`;
    expect(await api('DELETE', path)).toEqual([{ success: { [path]: `${path} deleted` } }]);
    expect(await api('GET', '/lights')).toEqual(failure(1, '/lights'));
  });
});

describe('lamps', () => {
  it('change as asked and say so for each parameter', async () => {
    expect(await api('PUT', '/lights/4/state', { bri: 100, on: true })).toEqual([
      { success: { '/lights/4/state/on': true } },
      { success: { '/lights/4/state/bri': 100 } },
    ]);
    expect(await api('GET', '/lights/4')).toMatchObject({ state: { on: true, bri: 100 } });
  });

  it.each([
    ['/lights/99/state', { on: true }, 3, '/lights/99/state'],
    ['/lights/constructor/state', { on: true }, 3, '/lights/constructor/state'],
    ['/lights/1/state', { on: 'yes' }, 7, '/lights/1/state/on'],
    ['/lights/1/state', { bri: 255 }, 7, '/lights/1/state/bri'],
    ['/lights/1/state', { hue: 1 }, 6, '/lights/1/state/hue'],
    ['/lights/1/state', { __proto__x: 1 }, 6, '/lights/1/state/__proto__x'],
    ['/lights/4/state', { bri: 5 }, 201, '/lights/4/state/bri'],
    ['/lights/1/state', '[]', 2, '/lights/1/state'],
  ])('%s refuses %j', async (path, body, type, address) => {
    expect(await api('PUT', path, body)).toEqual(failure(type, address));
  });

  it('can be renamed', async () => {
    expect(await api('PUT', '/lights/1', { name: 'Door' })).toEqual([
      { success: { '/lights/1/name': 'Door' } },
    ]);
    expect(await api('PUT', '/lights/1', { name: '' })).toEqual(failure(7, '/lights/1/name'));
  });
});

describe('rooms', () => {
  it('switch all their lamps', async () => {
    await api('PUT', '/groups/2/action', { on: true });
    expect(await api('GET', '/groups/2')).toMatchObject({ name: 'Kitchen', state: { all_on: true } });
    await api('PUT', '/groups/0/action', { on: false });
    expect(await api('GET', '/groups/0')).toMatchObject({ state: { any_on: false } });
  });

  it('are in the whole store, beside lists that are empty', async () => {
    expect(await api('GET', '')).toMatchObject({ lights: {}, groups: {}, config: {}, scenes: {} });
    expect(await api('GET', '/scenes')).toEqual({});
    expect(await api('GET', '/nonsense')).toEqual(failure(3, '/nonsense'));
    expect(await api('POST', '/groups', {})).toEqual(failure(4, '/groups'));
  });
});

describe('page', () => {
  it('hears of a change', async () => {
    const stop = new AbortController();
    const response = await fetch(`http://127.0.0.1:${bridge.port}/events`, { signal: stop.signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const until = async (words: RegExp): Promise<string> => {
      for (let text = ''; ; ) {
        const { done, value = '' } = await reader.read();
        text += value;
        if (done || words.test(text)) return text;
      }
    };
    expect(await until(/"button":false/)).toContain('Porch');
    expect(await ask('PUT', '/switch/lights/1', { name: 'Door' })).toMatchObject([{ success: {} }]);
    expect(await until(/"Door"/)).toContain('"Door"');
    stop.abort();
  });

  it('switches lamps and rooms only', async () => {
    const response = await fetch(`http://127.0.0.1:${bridge.port}/switch/config`, {
      method: 'PUT',
      body: '{}',
    });
    expect(response.status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${bridge.port}/`)).headers.get('content-type')).toContain('html');
  });
});
