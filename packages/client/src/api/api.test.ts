import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TokenSource } from '../tokens/index.ts';
import { ApiCaller } from './caller.ts';
import { EventParser } from './event-stream.ts';
import { RelayApi } from './relay-api.ts';

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

describe('events', () => {
  it('come out whole, however the bytes are cut', () => {
    const text =
      'retry: 3000\n\ndata: {"a":1}\n\n: still here\n\ndata: one\r\ndata: two\r\n\r\nid: 5\ndata:x\n\n';
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }), (cuts) => {
        const parser = new EventParser();
        const events: string[] = [];
        let at = 0;
        for (const cut of [...cuts, text.length]) {
          events.push(...parser.push(text.slice(at, at + cut)));
          at += cut;
        }
        expect(events).toEqual(['{"a":1}', 'one\ntwo', 'x']);
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it('that never end are not kept', () => {
    const parser = new EventParser();
    expect(() => {
      for (let n = 0; n < 20; n += 1) parser.push('x'.repeat(100_000));
    }).toThrow(expect.objectContaining({ code: 'bad_answer' }));
  });
});

describe('a call', () => {
  it('sends the token, encodes what comes from outside, and follows no redirect', async () => {
    const asked: { url: string; init: RequestInit }[] = [];
    const api = new RelayApi({
      relay: 'relay.example',
      token: 'plt_x',
      fetch: async (url, init) => {
        asked.push({ url, init });
        return json({ id: 'd' });
      },
    });
    await api.devices.get('../me?x=');
    await api.devices.list({ search: 'a b', limit: 5 });
    expect(asked.map(({ url }) => url)).toEqual([
      'https://relay.example/api/devices/..%2Fme%3Fx%3D',
      'https://relay.example/api/devices?search=a+b&limit=5',
    ]);
    expect(asked[0]?.init).toMatchObject({ redirect: 'error', credentials: 'omit' });
    expect(new Headers(asked[0]?.init.headers).get('authorization')).toBe('Bearer plt_x');
  });

  it('renews a refused token once, and no more', async () => {
    const sent: (string | null)[] = [];
    const token: TokenSource = { token: async () => 'old', renew: async () => 'new' };
    let good = true;
    const caller = new ApiCaller({
      relay: 'https://relay.example',
      token,
      fetch: async (_url, init) => {
        const given = new Headers(init.headers).get('authorization');
        sent.push(given);
        return good && given === 'Bearer new' ? json({}) : json({ code: 'not_signed_in', title: 'no' }, 401);
      },
    });
    await caller.call('GET', '/api/me');
    expect(sent).toEqual(['Bearer old', 'Bearer new']);
    good = false;
    await expect(caller.call('GET', '/api/me')).rejects.toMatchObject({ code: 'token_invalid' });
    expect(sent).toHaveLength(4);
  });

  it('tells what is not known, what is no problem document, and an abort apart', async () => {
    const answers = [
      json({ code: 'quite_new', title: 'New', detail: 'Something new', more: 1 }, 418),
      new Response('<html>', { status: 502 }),
      new Response('[]', { status: 404 }),
    ];
    const api = new RelayApi({ relay: 'relay.example', fetch: async () => answers.shift() ?? json({}) });
    await expect(api.me()).rejects.toMatchObject({
      code: 'bad_request',
      message: 'Something new',
      detail: { code: 'quite_new', more: 1 },
    });
    await expect(api.me()).rejects.toMatchObject({ code: 'bad_answer' });
    await expect(api.me()).rejects.toMatchObject({ code: 'not_found' });
    const left = new AbortController();
    const slow = new RelayApi({
      relay: 'relay.example',
      fetch: (_url, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason));
          if (signal?.aborted === true) reject(signal.reason);
        }),
    });
    const calling = slow.me({ signal: left.signal });
    left.abort(new Error('enough'));
    await expect(calling).rejects.toThrow('enough');
  });

  it('reads every page, and stops at one that repeats itself', async () => {
    const pages = [
      { items: [1, 2], next: 'b' },
      { items: [3], next: 'c' },
      { items: [4], next: 'c' },
    ];
    const api = new RelayApi({ relay: 'relay.example', fetch: async () => json(pages.shift()) });
    const found: unknown[] = [];
    for await (const one of api.devices.all()) found.push(one);
    expect(found).toEqual([1, 2, 3, 4]);
  });

  it.each(['', 'ftp://relay.example', 'not an address', 'http://'])('%j is no relay', (relay) => {
    expect(() => new RelayApi({ relay })).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });
});
