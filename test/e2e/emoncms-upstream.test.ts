import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { startTestRelay, type TestRelay } from '@porchlight/testkit';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describe('people who have an account at an emoncms elsewhere', () => {
  /** What they sign in with there. */
  const there = new Map([['zoe', 'short']]);
  let mode: 'up' | 'down' | 'rubbish' | 'redirect' | 'endless' = 'up';
  let asked = 0;
  let tries = 0;
  let server: http.Server;
  let relay: TestRelay;

  beforeAll(async () => {
    server = http.createServer((request, response) => {
      void text(request).then((body) => {
        asked += 1;
        if (mode === 'down') return request.socket.destroy();
        if (mode === 'rubbish') return response.end('<html>success: true');
        if (mode === 'redirect') return response.writeHead(307, { Location: '/elsewhere' }).end();
        if (mode === 'endless') return response.end(`{"success":true,"x":"${'x'.repeat(50_000)}"}`);
        const form = new URLSearchParams(body);
        const fits = there.get(form.get('username') ?? '') === form.get('password');
        const right = request.method === 'POST' && request.url === '/emoncms/user/auth.json' && fits;
        const no = { success: false, message: 'Incorrect authentication' };
        response.end(
          JSON.stringify(right ? { success: true, userid: 7, apikey_read: 'r', apikey_write: 'w' } : no),
        );
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    relay = await startTestRelay({
      emoncmsUpstream: `http://127.0.0.1:${port}/emoncms/`,
      trustedProxies: '127.0.0.1',
    });
  });
  afterAll(async () => {
    await relay.close();
    server.closeAllConnections();
    server.close();
  });

  const signIn = async (name: string, password: string) => {
    const before = asked;
    const { status } = await relay.visit('localhost', '/api/sign-in', {
      method: 'POST',
      // Each from an address of its own: the throttle is not what is tried here.
      headers: {
        'x-forwarded-for': `198.51.100.${(tries += 1)}`,
        origin: `http://localhost:${relay.port}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ name, password }),
    });
    return [status, asked - before];
  };
  const fine = 200;

  it('are nobody before the relay has an admin', async () => {
    expect((await signIn('zoe', 'short'))[0]).toBe(401);
    expect(await relay.relay.accounts.none()).toBe(true);
    await relay.person('ann', 'admin');
  });

  it('do not bring names along that the relay uses itself', async () => {
    for (const name of ['join', 'operator', 'relay']) {
      there.set(name, 'whatever');
      expect(await signIn(name, 'whatever')).toEqual([401, 0]);
    }
  });

  it('get an account at their first sign-in, a member, by MQTT too; then upstream is not asked', async () => {
    there.set('mia', 'herpassword');
    expect(await signIn('Zoe', 'short')).toEqual([fine, 1]);
    expect(await signIn('zoe', 'short')).toEqual([fine, 0]);
    expect(await relay.relay.accounts.byName('zoe')).toMatchObject({ role: 'member', upstream: true });
    expect((await relay.relay.accounts.byName('zoe'))?.passwordHash).toMatch(/^\$argon2id/);
    const client = await connectAsync(`mqtt://127.0.0.1:${relay.relay.ports.mqtt}`, {
      ...{ username: 'mia', password: 'herpassword' },
    });
    await client.endAsync();
    expect(await relay.relay.accounts.byName('mia')).toMatchObject({ upstream: true });
  });

  it('never are somebody who has an account of this relay', async () => {
    there.set('ann', 'taken over');
    expect(await signIn('ann', 'taken over')).toEqual([401, 0]);
    there.set('../evil', 'x');
    expect(await signIn('../evil', 'x')).toEqual([401, 0]);
  });

  it('sign in while upstream is down, or has lost its mind', async () => {
    for (const wrong of ['down', 'rubbish', 'redirect', 'endless'] as const) {
      mode = wrong;
      expect(await signIn('zoe', 'short')).toEqual([fine, 0]);
      expect((await signIn(`tom-${wrong}`, 'short'))[0]).toBe(401);
      expect(await relay.relay.accounts.byName(`tom-${wrong}`)).toBeUndefined();
    }
    mode = 'down';
    expect((await signIn('zoe', 'changed'))[0]).toBe(401);
    mode = 'up';
  });

  it('bring their new password along, and lose the old one', async () => {
    there.set('zoe', 'changed');
    expect(await signIn('zoe', 'changed')).toEqual([fine, 1]);
    expect((await signIn('zoe', 'short'))[0]).toBe(401);
    expect(await signIn('zoe', 'changed')).toEqual([fine, 0]);
  });

  it('are on their own once a password was set here', async () => {
    const zoe = await relay.relay.accounts.byName('zoe');
    await relay.relay.accounts.setPassword(
      { name: 'ann', address: undefined },
      zoe?.id ?? '',
      'set at the relay',
    );
    expect(await signIn('zoe', 'changed')).toEqual([401, 0]);
    expect(await signIn('zoe', 'set at the relay')).toEqual([fine, 0]);
  });
});
