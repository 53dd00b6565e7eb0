import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { below, ResourceError, resource } from './index.ts';

interface Asked {
  readonly url: string;
  readonly method: string | undefined;
  readonly body: unknown;
}

/** A `fetch` that notes what it is asked and answers the same each time. */
function recorder(answer: BodyInit | null = '{"a":1}', status = 200) {
  const asked: Asked[] = [];
  const fetch = async (url: string, { method, body }: RequestInit): Promise<Response> => {
    asked.push({ url, method, body });
    return new Response(answer, { status });
  };
  return { asked, fetch };
}

it('builds the path of properties and indexes; no arguments read, arguments write', async () => {
  const { asked, fetch } = recorder();
  const bridge = resource('http://bridge/api/user/', { fetch });
  expect(await bridge()).toEqual({ a: 1 });
  await bridge.lights();
  await bridge.lights[1].state({ on: true });
  await bridge.lights['1']['state']({ on: false });
  await bridge.groups({ lights: ['1'] }, { method: 'POST' });
  await bridge.config.whitelist['a user'](undefined, { method: 'DELETE', query: { x: 1, y: undefined } });
  await below(bridge, 'lights', 2, 'then')();
  await bridge['flag'](false);
  await bridge['nothing'](null);
  const at = 'http://bridge/api/user';
  expect(asked).toEqual([
    { url: at, method: 'GET', body: undefined },
    { url: `${at}/lights`, method: 'GET', body: undefined },
    { url: `${at}/lights/1/state`, method: 'PUT', body: '{"on":true}' },
    { url: `${at}/lights/1/state`, method: 'PUT', body: '{"on":false}' },
    { url: `${at}/groups`, method: 'POST', body: '{"lights":["1"]}' },
    { url: `${at}/config/whitelist/a%20user?x=1`, method: 'DELETE', body: undefined },
    { url: `${at}/lights/2/then`, method: 'GET', body: undefined },
    { url: `${at}/flag`, method: 'PUT', body: 'false' },
    { url: `${at}/nothing`, method: 'PUT', body: 'null' },
  ]);
});

it('is awaited, shown, compared and put into JSON without asking anything', async () => {
  const { asked, fetch } = recorder();
  const light = resource('http://bridge/api', { fetch }).lights[1];
  expect(await light).toBe(light);
  expect(`${light}`).toBe('http://bridge/api/lights/1');
  expect(JSON.stringify({ light })).toBe('{}');
  const { inspect } = await import('node:util');
  expect(inspect(light)).toContain('Function');
  expect(asked).toEqual([]);
});

it('has the names that every function has as parts like others', async () => {
  const { asked, fetch } = recorder();
  const light = resource('/api', { fetch });
  await light.name('Porch');
  await light.length();
  await light.call.apply.bind();
  await light['toString']();
  await Reflect.get(light['constructor'], '__proto__')();
  expect(asked.map(({ url }) => url)).toEqual([
    '/api/name',
    '/api/length',
    '/api/call/apply/bind',
    '/api/toString',
    '/api/constructor/__proto__',
  ]);
});

it('cannot be assigned to', () => {
  const light: Record<string, unknown> = resource('/api').lights[1];
  expect(() => (light['on'] = true)).toThrow(/by a call/);
  expect(() => delete light['on']).toThrow(/DELETE/);
});

it('raises what a list of errors says, and keeps what was done', async () => {
  const answer = [
    { success: { '/lights/1/state/on': true } },
    { error: { type: 7, address: '/lights/1/state/bri', description: 'invalid value, 300' } },
    { error: {} },
  ];
  const { fetch } = recorder(JSON.stringify(answer));
  const state = resource('/api', { fetch }).lights[1].state;
  const error: unknown = await state({ on: true, bri: 300 }).catch((thrown: unknown) => thrown);
  if (!(error instanceof ResourceError)) throw new Error('no ResourceError');
  expect(error.type).toBe(7);
  expect(error.message).toBe('invalid value, 300 (/lights/1/state/bri); the device gave no reason');
  expect(error.answer).toEqual(answer);
  expect(error.problems).toHaveLength(2);
});

it('knows other kinds of errors when it is told them', async () => {
  const { fetch } = recorder('{"success":false,"message":"Invalid API key"}');
  const feeds = resource('/emoncms', {
    fetch,
    errorOf: (answer) => (Reflect.get(answer as object, 'success') === false ? new Error('no') : undefined),
  });
  await expect(feeds.feed['list.json']()).rejects.toThrow('no');
});

it('tells HTTP errors and answers that are no JSON', async () => {
  const problem = '{"code":"device_offline","title":"x","status":503,"offlineSince":5}';
  const of = (body: string, status: number) => resource('/api', recorder(body, status))();
  await expect(of(problem, 503)).rejects.toMatchObject({
    code: 'device_offline',
    detail: { offlineSince: 5 },
  });
  await expect(of('<html>', 200)).rejects.toMatchObject({ code: 'bad_answer' });
  expect(await of('', 200)).toBeUndefined();
  expect(await resource('/api', recorder(null, 204))()).toBeUndefined();
});

it('reads no answer without end', async () => {
  let pulled = 0;
  const fetch = async (): Promise<Response> =>
    new Response(
      new ReadableStream({
        pull(controller) {
          pulled += 1;
          controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20));
        },
      }),
    );
  await expect(resource('/api', { fetch })()).rejects.toMatchObject({ code: 'bad_answer' });
  expect(pulled).toBeLessThan(20);
});

it('never leaves its base, whatever the parts are', async () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('..', '.', '', '/', 'a/b', '%2e%2e', '\\', '?x', '#x', '..;', '\ud800', ' ', '//evil'),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 4 }), async (parts) => {
      const { asked, fetch } = recorder();
      try {
        await below(resource('http://bridge/api', { fetch }), ...parts)();
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        return;
      }
      const url = new URL(asked[0]?.url ?? '');
      expect(url.origin).toBe('http://bridge');
      expect(url.search + url.hash).toBe('');
      expect(url.pathname.split('/').slice(1).map(decodeURIComponent)).toEqual(['api', ...parts]);
    }),
    { numRuns: 2_000, interruptAfterTimeLimit: 3_000 },
  );
  const deep = Array.from({ length: 65 }, () => 'a');
  expect(() => below(resource('/api'), ...deep)).toThrow(/64 parts/);
});

it('refuses a base or a method that is none', async () => {
  for (const base of ['http://b/?x=1', 'http://b/#x', 'http://u:p@b/', 'ftp://b', 'file:///etc']) {
    expect(() => resource(base)).toThrow(TypeError);
  }
  await expect(resource('/api', recorder())(undefined, { method: 'post' })).rejects.toThrow(/capitals/);
});
