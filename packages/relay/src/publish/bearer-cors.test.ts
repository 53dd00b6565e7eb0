import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answerBearerPreflight, isBearerPreflight, withBearerCors } from './bearer-cors.ts';
import { ownToken } from './own-token.ts';

const HOST = 'web--robot.localhost';
const asks = {
  origin: 'https://app.example',
  'access-control-request-method': 'PUT',
  'access-control-request-headers': 'authorization,content-type',
};
let relay: TestRelay;
let owner: TestPerson;
let token: string;
let origin: http.Server;
const seen: string[] = [];

beforeAll(async () => {
  origin = http.createServer((req, res) => {
    seen.push(`${req.method} ${req.headers.authorization ?? ''}`);
    res.setHeader('access-control-allow-origin', 'https://own.example');
    res.setHeader('access-control-allow-credentials', 'true');
    res.end('it');
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  relay = await startTestRelay();
  owner = await relay.person('alice');
  await relay.device(owner, 'robot', { web: `http://127.0.0.1:${(origin.address() as AddressInfo).port}` });
  token = JSON.parse((await owner.api('POST', '/api/me/access-tokens', { name: 'x' })).body).token;
});
afterAll(async () => {
  await relay.close();
  origin.close();
});

const setAccess = async (access: string): Promise<void> => {
  const { items } = JSON.parse((await owner.api('GET', '/api/devices')).body);
  const answer = await owner.api('PATCH', `/api/devices/${items[0].id}/services/web`, { access });
  expect(answer.status).toBe(200);
};

it('a preflight that asks for a token is answered by the relay, at services and at the API', async () => {
  for (const [host, path] of [
    [HOST, '/x'],
    ['localhost', '/api/me'],
    // A device that is not there looks alike.
    ['web--nobody.localhost', '/'],
  ] as const) {
    const { status, headers } = await relay.visit(host, path, { method: 'OPTIONS', headers: asks });
    expect([host, status]).toEqual([host, 204]);
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization,content-type',
      'access-control-allow-methods': 'PUT',
    });
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  }
  expect(seen).toEqual([]);
});

it('one that asks for less, or for a public service, is the device’s own affair', async () => {
  const less = { ...asks, 'access-control-request-headers': 'content-type' };
  expect((await relay.visit(HOST, '/x', { method: 'OPTIONS', headers: less })).status).toBe(401);
  await setAccess('public');
  const own = await relay.visit(HOST, '/x', { method: 'OPTIONS', headers: asks });
  expect(own.headers['access-control-allow-origin']).toBe('https://own.example');
  expect(seen).toEqual(['OPTIONS ']);
  await setAccess('login');
});

it('an answer to a token may be read by any page, with what the device says of origins replaced', async () => {
  const bearer = { authorization: `Bearer ${token}`, origin: 'https://app.example' };
  const good = await relay.visit(HOST, '/', { headers: bearer });
  expect([good.status, good.body]).toEqual([200, 'it']);
  expect(good.headers['access-control-allow-origin']).toBe('*');
  expect(good.headers['access-control-allow-credentials']).toBeUndefined();
  const gone = await relay.visit(HOST, '/', {
    headers: { ...bearer, authorization: 'Bearer plt_x', accept: 'text/html' },
  });
  // A program is never sent to a page for people.
  expect([gone.status, gone.headers['access-control-allow-origin']]).toEqual([401, '*']);
  expect(gone.headers['x-porchlight-error']).toBe('not_signed_in');
  const api = await relay.visit('localhost', '/api/me', { headers: bearer });
  expect([api.status, api.headers['access-control-allow-origin']]).toEqual([200, '*']);
});

it('a person’s cookie makes nothing readable', async () => {
  const cookie = await relay.signOn(owner, HOST);
  const own = await relay.visit(HOST, '/', { headers: { cookie } });
  expect([own.status, own.headers['access-control-allow-origin']]).toEqual([200, 'https://own.example']);
  const foreign = await relay.visit(HOST, '/', { headers: { cookie, origin: 'https://app.example' } });
  expect([foreign.status, foreign.headers['access-control-allow-origin']]).toEqual([403, undefined]);
  const api = await relay.visit('localhost', '/api/me', { headers: { cookie: owner.cookie } });
  expect(api.headers['access-control-allow-origin']).toBeUndefined();
});

it('odd names of headers and methods are not given back', () => {
  const fields = new Map<string, unknown>();
  const response = {
    writeHead: (_status: number, given: Record<string, string>) => {
      for (const [name, value] of Object.entries(given)) fields.set(name, value);
    },
    end: () => undefined,
  };
  const headers = {
    'access-control-request-method': 'GET\r\nx',
    'access-control-request-headers': 'authorization\r\n',
  };
  expect(isBearerPreflight({ method: 'OPTIONS', headers })).toBe(true);
  answerBearerPreflight({ headers } as http.IncomingMessage, response as unknown as http.ServerResponse);
  expect([fields.get('Access-Control-Allow-Headers'), fields.get('Access-Control-Allow-Methods')]).toEqual([
    'authorization',
    'GET',
  ]);
  expect(withBearerCors(['Access-Control-Allow-Origin', 'x', 'A', 'b']).slice(0, 2)).toEqual(['A', 'b']);
});

it.each([
  ['Bearer plt_a', 'plt_a'],
  ['bearer plo_b', 'plo_b'],
  ['Bearer own', undefined],
  ['Basic plt_a', undefined],
  [undefined, undefined],
])('of %s the relay’s own token is %s', (header, expected) => {
  expect(ownToken(header)).toBe(expected);
});
