import { randomBytes } from 'node:crypto';
import http, { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  startTestRelay,
  type TestDevice,
  type TestPerson,
  type TestRelay,
  takeWebSockets,
} from '@porchlight/testkit';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  begin,
  commandLine,
  connect,
  NATIVE_CALLBACK,
  registered,
  type TestApp,
  TestBrowser,
  withToken,
} from './rig.ts';

const LOOPBACK = { redirect_uri: NATIVE_CALLBACK };

describe('what an app may do', () => {
  let relay: TestRelay;
  let ann: TestPerson;
  let bob: TestPerson;
  let shed: TestDevice;
  let robot: TestDevice;
  let device: Server;
  let cli: TestApp;

  beforeAll(async () => {
    device = createServer((req, res) => {
      // A download that never ends by itself.
      if (req.url === '/endless') res.write('begun');
      else
        res.end(
          `${req.method} ${String(req.headers['x-porchlight-person'] ?? '')} ${req.headers.authorization ?? ''}`,
        );
    });
    takeWebSockets(device, (_path, message) => message);
    await new Promise<void>((resolve) => device.listen(0, '127.0.0.1', resolve));
    const target = `http://127.0.0.1:${(device.address() as AddressInfo).port}`;
    relay = await startTestRelay();
    ann = await relay.person('ann');
    bob = await relay.person('bob');
    shed = await relay.device(ann, 'shed', { web: target, notes: target });
    robot = await relay.device(ann, 'robot', { web: target });
    await relay.device(bob, 'bobs', { web: target });
    await ann.api('PATCH', `/api/devices/${robot.id}/services/web`, { access: 'token' });
    cli = await commandLine(relay);
  });
  afterAll(async () => {
    await relay.close();
    device.closeAllConnections();
    device.close();
  });

  const visit = (token: string, host: string, method = 'GET') =>
    withToken(relay, token, host, '/', { method, headers: { accept: 'text/html' } });
  const api = async (token: string, path: string, method = 'GET') =>
    (await withToken(relay, token, 'localhost', path, { method })).status;

  it('all of it: pages of devices in mode login and token, and the API, but nothing that is done in a browser', async () => {
    const { access_token: token } = await connect(
      new TestBrowser(relay, ann),
      cli,
      { ...LOOPBACK, scope: 'read write shell manage' },
      { allow: true, scopes: ['read', 'write', 'shell', 'manage'] },
    );
    for (const host of ['web--shed.localhost', 'web--robot.localhost']) {
      // The device is told who visits, and never sees the token.
      expect((await visit(token, host, 'POST')).body).toBe('POST ann ');
    }
    expect((await visit(token, 'web--bobs.localhost')).status).toBe(404);
    expect(await api(token, '/api/devices')).toBe(200);
    expect(await api(token, '/api/forwards')).toBe(200);
    expect(await api(token, '/api/enrolment-tokens')).toBe(200);
    expect(await api(token, '/api/me/app-grants')).toBe(200);
    expect(await api(token, '/api/me/sessions')).toBe(403);
    expect(await api(token, '/api/me/apps', 'POST')).toBe(403);
    expect(await api(token, '/api/me/access-tokens', 'POST')).toBe(403);
  });

  it('devices that an app names are found among the person’s own, others are said to be unknown', async () => {
    const browser = new TestBrowser(relay, ann);
    const scope = 'read write device:shed/web device:robot device:bobs device:nowhere device:shed/nothing';
    const { url, verifier, state } = await begin(cli, { ...LOOPBACK, scope });
    const { uid, body } = await browser.asked(url);
    expect(body).toMatchObject({
      devices: [
        { id: shed.id, name: 'shed', services: ['web'] },
        { id: robot.id, name: 'robot' },
      ],
      unknown: ['bobs', 'nowhere', 'shed/nothing'],
    });
    // Neither more than was asked for, nor what is somebody else's.
    const bobs = JSON.parse((await bob.api('GET', '/api/devices')).body).items[0].id;
    const answer = async (devices: object[]) =>
      (await ann.api('POST', `/api/me/consents/${uid}`, { allow: true, scopes: ['read'], devices })).status;
    expect(await answer([{ id: bobs }])).toBe(400);
    expect(await answer([{ id: shed.id, services: ['notes'] }])).toBe(400);
    expect(await answer([{ id: robot.id, services: ['nothing'] }])).toBe(400);
    expect(await answer([])).toBe(400);
    const more = await ann.api('POST', `/api/me/consents/${uid}`, {
      allow: true,
      scopes: ['read', 'manage'],
    });
    expect(more.status).toBe(400);
    const back = await browser.allow(url, { allow: true, scopes: ['read'] });
    const checks = { pkceCodeVerifier: verifier, expectedState: state };
    const tokens = await client.authorizationCodeGrant(cli.config, back, checks);
    expect(tokens.scope).toBe('read device:shed/web device:robot');
    const status = async (host: string, method?: string) =>
      (await visit(tokens.access_token, `${host}.localhost`, method)).status;
    expect(await status('web--shed')).toBe(200);
    expect(await status('web--shed', 'POST')).toBe(403);
    expect(await status('notes--shed')).toBe(404);
    expect(await status('web--robot')).toBe(200);
    expect(await status('web--bobs')).toBe(404);
    const list = await withToken(relay, tokens.access_token, 'localhost', '/api/devices');
    const seen = JSON.parse(list.body).items.map((one: { name: string; services: { name: string }[] }) => [
      one.name,
      one.services.map(({ name }) => name),
    ]);
    expect(seen).toEqual([
      ['robot', ['web']],
      ['shed', ['web']],
    ]);
    expect(await api(tokens.access_token, `/api/devices/${shed.id}`, 'DELETE')).toBe(403);
    expect(await api(tokens.access_token, '/api/enrolment-tokens')).toBe(403);
  });

  it('an app that names no device of the person’s can be let in nowhere', async () => {
    const { url } = await begin(cli, { ...LOOPBACK, scope: 'read device:bobs' });
    const { uid, body } = await new TestBrowser(relay, ann).asked(url);
    expect(body).toMatchObject({ devices: [], unknown: ['bobs'] });
    const answer = await ann.api('POST', `/api/me/consents/${uid}`, { allow: true, scopes: ['read'] });
    expect(answer.status).toBe(400);
  });

  it('a refresh may narrow to some of the devices', async () => {
    const tokens = await connect(
      new TestBrowser(relay, ann),
      cli,
      { ...LOOPBACK, scope: 'offline_access read device:shed device:robot/web' },
      { allow: true, scopes: ['read'] },
    );
    const less = await client.refreshTokenGrant(cli.config, tokens.refresh_token ?? '', {
      scope: 'read device:robot/web',
    });
    expect(less.scope).toBe('read device:robot/web');
    expect((await visit(less.access_token, 'web--robot.localhost')).status).toBe(200);
    expect((await visit(less.access_token, 'web--shed.localhost')).status).toBe(404);
    const word = await client.refreshTokenGrant(cli.config, less.refresh_token ?? '', { scope: 'read' });
    expect(word.scope).toBe('read device:shed device:robot/web');
  });

  it('signing in alone gives no access to anything', async () => {
    const tokens = await connect(
      new TestBrowser(relay, ann),
      cli,
      { ...LOOPBACK, scope: 'openid' },
      { allow: true, scopes: [] },
    );
    expect(tokens.claims()?.sub).toBe(ann.id);
    expect(await api(tokens.access_token, '/api/devices')).toBe(403);
    expect((await visit(tokens.access_token, 'web--shed.localhost')).status).toBe(403);
  });

  it('the answer is remembered for the same question, and asked anew for another', async () => {
    const app = await registered(relay, bob, { name: 'Remembered', confidential: false });
    const browser = new TestBrowser(relay, ann);
    const asks = async (scope: string, who = browser) =>
      (await who.follow((await begin(app, { scope })).url)).away === undefined;
    expect(await asks('read write')).toBe(true);
    // Less than was asked for, and on one device only.
    const answer = { allow: true as const, scopes: ['read' as const], devices: [{ id: shed.id }] };
    await connect(browser, app, { scope: 'read write' }, answer);
    expect(await asks('read write')).toBe(false);
    expect(await asks('read')).toBe(false);
    expect(await asks('read write shell')).toBe(true);
    expect(await asks('offline_access read')).toBe(true);
    expect(await asks('read device:shed')).toBe(true);
    expect(await asks('read write', new TestBrowser(relay, bob))).toBe(true);
    const { url, verifier, state } = await begin(app, { scope: 'read write' });
    const { away } = await browser.follow(url);
    const checks = { pkceCodeVerifier: verifier, expectedState: state };
    const tokens = await client.authorizationCodeGrant(app.config, away ?? url, checks);
    expect(tokens.scope).toBe('read device:shed');
    expect((await visit(tokens.access_token, 'web--robot.localhost')).status).toBe(404);
    // What is ended is not remembered.
    const [grant] = JSON.parse((await ann.api('GET', '/api/me/app-grants')).body).items;
    expect(grant.app.name).toBe('Remembered');
    await ann.api('DELETE', `/api/me/app-grants/${grant.id}`);
    expect(await asks('read')).toBe(true);
  });

  it('ending an app’s access ends at once what it has open: download, WebSocket, events', async () => {
    const { access_token: token } = await connect(
      new TestBrowser(relay, ann),
      cli,
      { ...LOOPBACK, scope: 'read write' },
      { allow: true, scopes: ['read', 'write'] },
    );
    const authorization = `Bearer ${token}`;
    const open = (host: string, path: string): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        const headers = { host: `${host}:${relay.port}`, authorization };
        http
          .get({ port: relay.port, host: '127.0.0.1', path, headers, agent: false }, resolve)
          .on('error', reject);
      });
    const upgraded = (host: string, path: string): Promise<Duplex> =>
      new Promise((resolve, reject) => {
        const asks = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
        const key = { 'sec-websocket-key': randomBytes(16).toString('base64') };
        const headers = { host: `${host}:${relay.port}`, authorization, ...asks, ...key };
        const sent = http.get({ port: relay.port, host: '127.0.0.1', path, headers, agent: false });
        sent
          .on('upgrade', (_answer, opened) => resolve(opened.on('error', () => undefined)))
          .on('error', reject);
      });
    const ended = (answer: IncomingMessage): Promise<void> =>
      new Promise((resolve) =>
        answer
          .resume()
          .on('error', () => undefined)
          .on('close', () => resolve()),
      );
    const [download, events] = await Promise.all([
      open('web--shed.localhost', '/endless'),
      open('localhost', '/api/events'),
    ]);
    expect([download.statusCode, events.statusCode]).toEqual([200, 200]);
    const socket = await upgraded('web--shed.localhost', '/socket');
    const closed = new Promise<void>((resolve) => socket.resume().on('close', () => resolve()));

    const [grant] = JSON.parse((await ann.api('GET', '/api/me/app-grants')).body).items;
    expect(grant).toMatchObject({ app: { id: 'porchlight-cli' }, scopes: ['read', 'write'], lasting: false });
    expect(grant.lastUsedAt).toEqual(expect.any(Number));
    const all = Promise.all([ended(download), ended(events), closed]);
    expect((await bob.api('DELETE', `/api/me/app-grants/${grant.id}`)).status).toBe(404);
    expect((await ann.api('DELETE', `/api/me/app-grants/${grant.id}`)).status).toBe(204);
    await all;
    expect((await visit(token, 'web--shed.localhost')).status).toBe(401);
    expect(await api(token, '/api/devices')).toBe(401);
  });

  it('nobody answers for somebody else, whoever’s browser comes back', async () => {
    const { url } = await begin(cli, { ...LOOPBACK, scope: 'read' });
    // Ann's browser began: bob cannot answer.
    const anns = new TestBrowser(relay, ann);
    const { uid } = await anns.asked(url);
    expect((await bob.api('POST', `/api/me/consents/${uid}`, { allow: true, scopes: ['read'] })).status).toBe(
      404,
    );
    // A browser without a session began, and has ann answer: it gets nothing of hers.
    const other = new TestBrowser(relay);
    const started = await begin(cli, { ...LOOPBACK, scope: 'read' });
    await other.follow(started.url);
    other.signIn(bob);
    const asked = await other.asked(started.url);
    const stolen = await ann.api('POST', `/api/me/consents/${asked.uid}`, { allow: true, scopes: ['read'] });
    expect(stolen.status).toBe(404);
    const nobodys = new TestBrowser(relay);
    const open = await begin(cli, { ...LOOPBACK, scope: 'read' });
    expect((await nobodys.follow(open.url)).path).toMatch(/^\/sign-in/);
    // Nothing is granted before the browser that began is signed in itself.
    nobodys.signIn(ann);
    const mine = await nobodys.asked(open.url);
    const done = JSON.parse(
      (await ann.api('POST', `/api/me/consents/${mine.uid}`, { allow: true, scopes: ['read'] })).body,
    );
    nobodys.signIn(bob);
    const { away, answer } = await nobodys.follow(done.location);
    expect([away, answer.status]).toEqual([undefined, 400]);
  });

  it('what was allowed, refused and ended stands in the audit', async () => {
    const { url } = await begin(cli, { ...LOOPBACK, scope: 'read' });
    await new TestBrowser(relay, ann).allow(url, { allow: false });
    const { items } = JSON.parse((await ann.api('GET', '/api/audit?limit=200')).body);
    const actions = new Set(items.map((one: { action: string }) => one.action));
    for (const action of ['app.allowed', 'app.denied', 'app.revoked']) expect(actions).toContain(action);
    const allowed = items.find((one: { action: string }) => one.action === 'app.allowed');
    expect(allowed).toMatchObject({ actor: 'ann', detail: { scope: expect.any(String) } });
    const made = JSON.parse((await bob.api('GET', '/api/audit?action=app.created')).body).items;
    expect(made[0]).toMatchObject({ actor: 'bob', target: 'Remembered' });
  });
});
