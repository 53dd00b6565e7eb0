import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PorchlightError } from '@porchlight/protocol';
import { FakeClock } from '@porchlight/testkit';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ANONYMOUS, type Identity } from '../access/index.ts';
import type { NewAuditEntry } from '../audit/index.ts';
import type { DeviceRecord } from '../devices/index.ts';
import { createEventBus } from '../events.ts';
import type { PortTarget, ReachOptions } from '../forward/index.ts';
import { TestBrowser } from './browser-rig.ts';
import { KEYS, keyFile, lockedKey, PASSWORD, plainKey, shellDevice } from './shell-device-rig.ts';
import { Terminals } from './terminals.ts';

const ALICE: Identity = {
  kind: 'session',
  accountId: 'alice1',
  accountName: 'alice',
  role: 'member',
  sessionId: 's1',
};
let identity: Identity;
let bySession: () => Promise<Identity>;
let clock: FakeClock;
let audit: NewAuditEntry[];
let asked: { target: PortTarget; options: ReachOptions }[];
let reach: (options: ReachOptions) => Promise<Duplex>;
let terminals: Terminals;
let server: http.Server;
const errors: unknown[] = [];
const events = createEventBus((error) => errors.push(error));
const streams = new Set<Socket>();

const dial = async (): Promise<Duplex> => {
  const socket = net.connect(shellDevice.port, '127.0.0.1');
  streams.add(socket);
  socket.once('close', () => streams.delete(socket));
  await once(socket, 'connect');
  return socket;
};

beforeEach(async () => {
  identity = ALICE;
  bySession = async () => identity;
  clock = new FakeClock();
  audit = [];
  asked = [];
  reach = dial;
  terminals = new Terminals({
    identities: { identify: async () => identity, bySession: () => bySession() },
    devices: {
      byId: async (accountId, id) =>
        accountId === 'alice1' && id === 'd1'
          ? ({ id, accountId, name: 'router' } as DeviceRecord)
          : undefined,
    },
    ports: {
      open: (_device, target, options) => {
        asked.push({ target, options });
        return reach(options);
      },
    },
    audit: { append: (entry) => void audit.push(entry) },
    events,
    clock,
    onError: (error) => errors.push(error),
  });
  server = http.createServer();
  server.on('upgrade', (req, socket, head) => {
    terminals.upgrade(req, socket, head, {
      address: '203.0.113.9',
      secure: true,
      consoleOrigin: 'https://relay.example',
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  terminals.close();
  await expect.poll(() => terminals.size).toBe(0);
  await expect.poll(() => streams.size).toBe(0);
  expect(JSON.stringify([audit, errors])).not.toMatch(/right horse|PRIVATE KEY|pass phrase/);
  server.close();
  server.closeAllConnections();
});
afterAll(() => shellDevice.close());

const browse = (path?: string, origin?: string | null): TestBrowser =>
  new TestBrowser((server.address() as AddressInfo).port, path, origin);

describe('a terminal', () => {
  it('opens a shell with a password, resizes it, and tells how it ended', async () => {
    const browser = await browse().toShell();
    browser.type('size');
    await browser.shows('33 90');
    browser.ask({ type: 'resize', cols: 40, rows: 20 });
    browser.type('size');
    await browser.shows('20 40');
    browser.type('hello ü');
    await browser.shows('hello ü');
    await clock.advance(5_000);
    browser.type('exit');
    expect(await browser.said('exit')).toEqual({ type: 'exit', code: 7 });
    expect(await browser.closed).toBe(1000);
    expect(asked[0]).toMatchObject({ target: { port: 22 }, options: { from: { address: '203.0.113.9' } } });
    const about = {
      accountId: 'alice1',
      actor: 'alice',
      deviceId: 'd1',
      target: 'router',
      address: '203.0.113.9',
    };
    expect(audit).toMatchObject([
      { ...about, action: 'terminal.opened', detail: { user: 'root' } },
      {
        ...about,
        action: 'terminal.closed',
        detail: { user: 'root', seconds: 5, reason: 'the shell ended' },
      },
    ]);
  });

  it.each(KEYS.map((key, i) => [i, key] as const))(
    'opens with a private key of kind %s',
    async (_i, { secret }) => {
      const browser = browse();
      await browser.toAuth();
      browser.ask({
        type: 'key',
        key: secret,
        ...(secret === lockedKey.secret ? { passphrase: 'pass phrase' } : {}),
      });
      await browser.said('ready');
      browser.type('hello');
      await browser.shows('hello');
    },
  );

  it('says what is wrong with a key, and lets the person try again', async () => {
    const browser = browse();
    await browser.toAuth();
    const public_ = plainKey.line;
    for (const [ask, problem] of [
      [{ key: lockedKey.secret }, /has a pass phrase/],
      [{ key: lockedKey.secret, passphrase: 'wrong' }, /pass phrase of the key is wrong/],
      [{ key: public_ }, /is a public key/],
      [{ key: 'rubbish' }, /no private key/],
    ] as const) {
      browser.ask({ type: 'key', ...ask });
      const { problem: said, failed } = await browser.said('auth');
      expect(said).toMatch(problem);
      expect(failed).toBe(false);
    }
    browser.ask({ type: 'key', key: keyFile(`stranger-${process.pid}`, '-t', 'ed25519').secret });
    expect(await browser.said('auth')).toMatchObject({ failed: true });
    browser.ask({ type: 'password', password: 'wrong' });
    expect(await browser.said('auth')).toMatchObject({ failed: true });
    browser.ask({ type: 'password', password: PASSWORD });
    await browser.said('ready');
  });

  it('passes the device’s own questions on, harmless to look at', async () => {
    const browser = browse();
    await browser.toAuth();
    browser.ask({ type: 'keyboard' });
    expect(await browser.said('prompts')).toEqual({
      type: 'prompts',
      name: expect.any(String),
      instructions: expect.stringMatching(/^$|Two things/),
      prompts: [
        { prompt: 'Password:', echo: false },
        { prompt: 'Code [31m:', echo: true },
      ],
    });
    browser.ask({ type: 'answers', answers: [PASSWORD, '123'] });
    await browser.said('ready');
  });

  it('goes no further when the person does not take the host key', async () => {
    const browser = await browse().opened();
    browser.ask({ type: 'connect', user: 'root', cols: 80, rows: 24 });
    await browser.said('host-key');
    browser.ask({ type: 'host-key', accept: false });
    expect(await browser.said('error')).toMatchObject({ message: 'The key of the device was not accepted' });
    await browser.closed;
    expect(audit).toEqual([]);
  });

  it('a flood waits on the device while the browser does not show it, and goes on when it does', async () => {
    const browser = await browse().toShell();
    browser.type('yes');
    await expect.poll(() => shellDevice.written, { timeout: 10_000 }).toBeGreaterThan(1024 * 1024);
    let before = -1;
    // It stands still: what is under way is bounded by the channel's window.
    await expect
      .poll(
        () => {
          const still = shellDevice.written === before;
          before = shellDevice.written;
          return still;
        },
        { interval: 200, timeout: 10_000 },
      )
      .toBe(true);
    expect(browser.bytes).toBeLessThan(1024 * 1024);
    const stopped = browser.bytes;
    browser.ask({ type: 'shown', bytes: stopped });
    await expect.poll(() => browser.bytes).toBeGreaterThan(stopped + 256 * 1024);
    browser.raw('{"type":"shown","bytes":1');
    expect(await browser.closed).toBe(4000);
  });

  it('takes a large paste whole', async () => {
    const browser = await browse().toShell();
    for (let i = 0; i < 64; i += 1) browser.type(`${i}:${'x'.repeat(16_000)}`);
    for (let shown = 0; shown < 1_000_000; ) {
      await expect.poll(() => browser.bytes).toBeGreaterThan(shown);
      const more = browser.bytes - shown;
      shown += more;
      browser.ask({ type: 'shown', bytes: more });
    }
  });
});

describe('nobody gets a terminal', () => {
  it.each([
    ['from another origin', 403, '/api/devices/d1/terminal', 'https://web--robot.relay.example', ALICE],
    ['without an origin', 403, '/api/devices/d1/terminal', null, ALICE],
    ['without a session', 401, '/api/devices/d1/terminal', 'https://relay.example', ANONYMOUS],
    [
      'with an access token',
      403,
      '/api/devices/d1/terminal',
      'https://relay.example',
      { ...ALICE, kind: 'access-token' as const, tokenId: 't' },
    ],
    [
      'of another account’s device',
      404,
      '/api/devices/d1/terminal',
      'https://relay.example',
      { ...ALICE, accountId: 'bob2' },
    ],
    ['of no device', 404, '/api/devices/d2/terminal', 'https://relay.example', ALICE],
  ])('%s', async (_what, status, path, origin, who) => {
    identity = who;
    const browser = browse(path, origin);
    await browser.closed;
    expect(browser.refused).toBe(status);
    expect(asked).toEqual([]);
  });

  it('more than ten at once', async () => {
    for (let i = 0; i < 10; i += 1) await browse().opened();
    const browser = browse();
    await browser.closed;
    expect(browser.refused).toBe(503);
  });
});

describe('it ends', () => {
  it.each([
    [
      'the session',
      { type: 'sessions-ended', accountId: 'alice1', sessionIds: ['s1'] },
      'You were signed out',
    ],
    ['the device', { type: 'device-removed', accountId: 'alice1', deviceId: 'd1' }, 'The device was removed'],
    ['the account', { type: 'account-removed', accountId: 'alice1' }, 'The account was removed'],
  ] as const)('with %s', async (_what, event, message) => {
    const browser = await browse().toShell();
    events.publish({ type: 'sessions-ended', accountId: 'alice1', sessionIds: ['another'] });
    events.publish(event);
    expect(await browser.said('error')).toMatchObject({ message });
    expect(await browser.closed).toBe(4001);
    expect(audit.at(-1)).toMatchObject({ action: 'terminal.closed', detail: { reason: message } });
  });

  it('when another process has ended the session, and when it ended while the request was looked at', async () => {
    const browser = await browse().toShell();
    identity = ANONYMOUS;
    await clock.advance(20_000);
    expect(await browser.said('error')).toMatchObject({ message: 'You were signed out' });
    expect(await browser.closed).toBe(4001);
    identity = ALICE;
    bySession = async () => ANONYMOUS;
    expect(await browse().closed).toBe(4001);
  });

  it('when nothing is asked, when nobody signs in, and when the browser is gone', async () => {
    const silent = await browse().opened();
    await clock.advance(15_000);
    expect(await silent.said('error')).toMatchObject({ message: 'Nothing was asked for in time' });
    const slow = browse();
    await slow.toAuth();
    for (let i = 0; i < 4; i += 1) {
      await clock.advance(30_000);
      await slow.answered();
    }
    expect(await slow.said('error')).toMatchObject({ code: 'expired' });
    const gone = await browse().toShell();
    gone.pause();
    await clock.advance(30_000);
    await clock.advance(30_000);
    await clock.advance(30_000);
    await expect.poll(() => terminals.size).toBe(0);
  });

  it('with the stream to the device', async () => {
    const browser = await browse().toShell();
    for (const stream of streams) stream.destroy();
    expect(await browser.closed).toBe(1000);
  });

  it('says why there is no way to the device, and until when it waits for one that calls home', async () => {
    reach = (options) => {
      options.onWaiting?.({ dueAt: 1234 });
      return Promise.reject(new PorchlightError('device_offline', 'router has missed its calls'));
    };
    const browser = await browse().opened();
    browser.ask({ type: 'connect', user: 'root', service: 'ssh', cols: 80, rows: 24 });
    expect(await browser.said('waiting')).toEqual({ type: 'waiting', dueAt: 1234 });
    expect(await browser.said('error')).toMatchObject({
      code: 'device_offline',
      message: 'router has missed its calls',
    });
    expect(asked[0]?.target).toEqual({ service: 'ssh' });
  });

  it('stops waiting for the device when the browser leaves', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    reach = (options) =>
      new Promise((_, reject) => {
        options.signal.addEventListener('abort', () => {
          reject(new Error('aborted'));
          resolve();
        });
      });
    const browser = await browse().opened();
    browser.ask({ type: 'connect', user: 'root', cols: 80, rows: 24 });
    await expect.poll(() => asked.length).toBe(1);
    browser.raw('no JSON');
    await promise;
  });
});

describe('a browser that means harm', () => {
  it.each([
    ['no JSON', '{'],
    ['an unknown message', '{"type":"root"}'],
    ['an unknown key', '{"type":"keyboard","x":1}'],
    ['a password before it is asked', '{"type":"password","password":"right horse"}'],
    ['answers before they are asked', '{"type":"answers","answers":[]}'],
    ['a size of nothing', '{"type":"connect","user":"root","cols":0,"rows":1}'],
    ['a user name with a line break', '{"type":"connect","user":"a\\nb","cols":1,"rows":1}'],
    ['data before there is a shell', Buffer.from('ls\n')],
  ])('is hung up on: %s', async (_what, message) => {
    const browser = await browse().opened();
    browser.raw(message);
    expect(await browser.said('error')).toMatchObject({ code: 'bad_request' });
    expect(await browser.closed).toBe(4000);
  });

  it('is hung up on: a message that is too large', async () => {
    const browser = await browse().opened();
    browser.raw('x'.repeat(70_000));
    expect(await browser.closed).toBe(1009);
  });

  it('cannot hold the process up with a key that asks for a billion rounds', async () => {
    const browser = browse();
    await browser.toAuth();
    const lines = lockedKey.secret.trim().split('\n');
    const body = Buffer.from(lines.slice(1, -1).join(''), 'base64');
    const at = body.indexOf('bcrypt') + 6 + 4 + 4 + 16;
    body.writeUInt32BE(1_000_000_000, at);
    browser.ask({
      type: 'key',
      key: [lines[0], body.toString('base64'), lines.at(-1)].join('\n'),
      passphrase: 'x',
    });
    const started = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
