import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCallData, parseCallPath } from './call.ts';
import { answeredBy, encodeRequest, parseResponse } from './messages.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('a call of emoncms', () => {
  it('is a path of two or three names that the server lets through', () => {
    expect(parseCallPath('/feed/list.json')).toEqual({
      ...{ controller: 'feed', action: 'list', subaction: '', changes: false },
    });
    expect(parseCallPath('/demandshaper/submit/now.json')).toMatchObject({ subaction: 'now', changes: true });
  });

  it.each([
    '/feed/delete.json',
    '/feed/list',
    '/feed.json',
    '/feed/list/a/b.json',
    '/feed/list/..json',
    '/feed/list/%2e%2e.json',
    '/feed//list.json',
    '/__proto__/constructor.json',
    '/user/auth.json',
    '/api/me.json',
  ])('is not %s', (path) => {
    expect(parseCallPath(path)).toBeUndefined();
  });

  it('carries its parameters, never q or apikey in any form that PHP would read as those', () => {
    const query = new URLSearchParams('id=1&q=a&Q=b&apikey=c&APIKEY=d&q[]=e&q.x=f& q=g&apikey[a]=h&query=i');
    expect([...(parseCallData(query) ?? [])]).toEqual([
      ['id', '1'],
      ['query', 'i'],
    ]);
    expect(parseCallData(new URLSearchParams({ ids: '1'.repeat(9_000) }))).toBeUndefined();
  });

  it('is one line of JSON with what was asked, and {} for no parameters', () => {
    const call = { controller: 'feed', action: 'list', subaction: '', changes: false };
    expect(encodeRequest('srv_ann_1', { ...call, data: new Map() })).toBe(
      '{"clientId":"srv_ann_1","controller":"feed","action":"list","subaction":"","data":{}}',
    );
    fc.assert(
      fc.property(fc.webQueryParameters(), (search) => {
        const data = parseCallData(new URLSearchParams(search)) ?? new Map<string, string>();
        const sent = JSON.parse(encodeRequest('srv_ann_1', { ...call, data }));
        expect(new Map(Object.entries(sent.data))).toEqual(data);
        expect(Object.keys(sent.data)).not.toContain('apikey');
      }),
      { interruptAfterTimeLimit: 1_000 },
    );
  });
});

describe('an answer', () => {
  it('is on the topic of its request, of an account that the client is', () => {
    expect(answeredBy('user/ann/response/srv_ann_1', ['ann', 'id7'])).toBe('srv_ann_1');
    expect(answeredBy('user/id7/response/srv_ann_1', ['ann', 'id7'])).toBe('srv_ann_1');
    for (const topic of [
      'user/bob/response/srv_ann_1',
      'user/ann/response',
      'user/ann/response/a/b',
      'user/ann/request',
    ]) {
      expect(answeredBy(topic, ['ann'])).toBeUndefined();
    }
  });

  it('has a result, whatever that is, and says [] or {} for no parameters', () => {
    expect(parseResponse(bytes('{"request":{"data":[]},"result":[1]}'))).toEqual({ result: [1] });
    expect(parseResponse(bytes('{"request":{"data":{}},"result":null}'))).toEqual({ result: null });
    for (const text of [
      '',
      'DISCONNECTED',
      'DISCONNECTED{"result":1}',
      '[]',
      '{"request":{}}',
      '{',
      'null',
    ]) {
      expect(parseResponse(bytes(text))).toBeUndefined();
    }
  });

  it('may be any bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bytes)), (payload) => {
        const answer = parseResponse(payload);
        expect(answer === undefined || 'result' in answer).toBe(true);
      }),
      { interruptAfterTimeLimit: 1_000 },
    );
  });
});
