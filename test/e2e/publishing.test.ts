import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestRelay, type TestDevice, type TestPerson, type TestRelay } from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describe('a published service', () => {
  let relay: TestRelay;
  let owner: TestPerson;
  let device: TestDevice;
  let origin: http.Server;

  beforeAll(async () => {
    origin = http.createServer((req, res) => {
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers }));
    });
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
    relay = await startTestRelay();
    owner = await relay.person('alice');
    const { port } = origin.address() as AddressInfo;
    device = await relay.device(owner, 'robot', { web: `http://127.0.0.1:${port}` });
  });

  afterAll(async () => {
    await relay.close();
    origin.close();
  });

  it('is opened by its owner after a sign-on, and hears who that is', async () => {
    const cookie = await relay.signOn(owner, 'web--robot.localhost');
    const answer = await relay.visit('web--robot.localhost', '/hello?x=1', {
      headers: { cookie: `${cookie}; own=1`, 'x-forwarded-for': '6.6.6.6', x_porchlight_person: 'mallory' },
    });
    expect(answer.status).toBe(200);
    const seen = JSON.parse(answer.body);
    expect(seen.url).toBe('/hello?x=1');
    expect(seen.headers['x-porchlight-person']).toBe('alice');
    expect(seen.headers['x-forwarded-for']).toBe('127.0.0.1');
    expect(seen.headers.cookie).toBe('own=1');
    expect(JSON.stringify(seen.headers)).not.toContain('mallory');
  });

  it('sends a browser to sign in, and a machine away with 401', async () => {
    const browser = await relay.visit('web--robot.localhost', '/', { headers: { accept: 'text/html' } });
    expect(browser.status).toBe(302);
    expect(browser.headers.location).toContain('/sign-on?host=web--robot.localhost');
    const machine = await relay.visit('web--robot.localhost', '/');
    expect(machine.status).toBe(401);
    expect(JSON.parse(machine.body).code).toBe('not_signed_in');
  });

  it('says since when the device is offline, and is back by itself', async () => {
    const cookie = await relay.signOn(owner, 'web--robot.localhost');
    await device.stop();
    const offline = await relay.visit('web--robot.localhost', '/', { headers: { cookie } });
    expect(offline.status).toBe(503);
    expect(JSON.parse(offline.body)).toMatchObject({
      code: 'device_offline',
      offlineSince: expect.any(Number),
    });
    await device.start();
    expect((await relay.visit('web--robot.localhost', '/', { headers: { cookie } })).status).toBe(200);
  });
});
