import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startTestRelay, type TestDevice, type TestPerson, type TestRelay } from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAudit } from './audit/index.ts';
import { callAgent } from './local/index.ts';

let relay: TestRelay;
let owner: TestPerson;
let device: TestDevice;
let origin: http.Server;
let target: string;

beforeAll(async () => {
  origin = http.createServer((_req, res) => res.end('hello'));
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  target = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  relay = await startTestRelay();
  owner = await relay.person('alice');
  device = await relay.device(owner, 'robot', { web: target });
});

afterAll(async () => {
  await relay.close();
  origin.close();
});

const offered = async (): Promise<string[]> => {
  const listed = await owner.api('GET', '/api/devices?search=robot');
  const services: { name: string; offered: boolean }[] = JSON.parse(listed.body).items[0].services;
  return services
    .filter((service) => service.offered)
    .map(({ name }) => name)
    .sort();
};

const status = () =>
  callAgent(device.dataFolder, { command: 'status' }, { signal: AbortSignal.timeout(5_000) });

describe('a running agent', () => {
  it('takes agent.yaml over after a change by hand, and keeps the last good one after a bad one', async () => {
    const path = join(device.dataFolder, 'agent.yaml');
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, before.replace('services:', `services:\n  second:\n    target: ${target}`));
    await expect.poll(offered, { timeout: 15_000 }).toEqual(['second', 'web']);
    const cookie = await relay.signOn(owner, 'second--robot.localhost');
    expect((await relay.visit('second--robot.localhost', '/', { headers: { cookie } })).body).toBe('hello');

    writeFileSync(path, before.replace('services:', 'serv1ces:'));
    await expect.poll(async () => (await status()).configError, { timeout: 15_000 }).toContain('serv1ces');
    expect(await offered()).toEqual(['second', 'web']);

    writeFileSync(path, before);
    await expect.poll(offered, { timeout: 15_000 }).toEqual(['web']);
    expect((await status()).configError).toBeUndefined();

    writeFileSync(path, before.replace(/hostKey: .*/, `hostKey: SHA256:${'A'.repeat(43)}`));
    await expect(device.agent.reload()).rejects.toThrow('restart the agent');
    writeFileSync(path, before);
    await device.agent.reload();
  });

  it('notes on the device what was asked of it', async () => {
    const cookie = await relay.signOn(owner, 'web--robot.localhost');
    await relay.visit('web--robot.localhost', '/page?secret=1', { headers: { cookie } });
    await device.stop();
    const entries = [];
    const { dataFolder } = device;
    for await (const entry of readAudit({ dataFolder, service: 'web', signal: AbortSignal.timeout(5_000) }))
      entries.push(entry);
    expect(entries.at(-1)).toMatchObject({
      decision: 'allow',
      person: 'alice',
      method: 'GET',
      path: '/page',
    });
    expect(JSON.stringify(entries)).not.toContain('secret');
    await device.start();
  });

  it('tells of a pause to everybody, and lets nobody in meanwhile', async () => {
    const cookie = await relay.signOn(owner, 'web--robot.localhost');
    const visit = () => relay.visit('web--robot.localhost', '/', { headers: { cookie } });
    await device.agent.setPaused(true);
    const refused = await visit();
    expect(refused.status).toBe(503);
    expect(JSON.parse(refused.body).code).toBe('device_paused');
    expect((await status()).paused).toBe(true);
    await device.agent.setPaused(false);
    expect((await visit()).status).toBe(200);
  });

  it('comes back to a relay that is started again on the same data', async () => {
    const own = await startTestRelay();
    const ann = await own.person('ann');
    const boat = await own.device(ann, 'boat', { web: target });
    const { http: httpPort, ssh } = own.relay.ports;
    await own.relay.close();
    await expect.poll(() => boat.agent.status().link.state).not.toBe('up');
    const again = await startTestRelay({ data: own.data, http: String(httpPort), ssh: String(ssh) });
    await expect.poll(() => boat.agent.status().link.state, { timeout: 25_000 }).toBe('up');
    expect(boat.agent.status().name).toBe('boat');
    await again.close();
    await own.close();
  });
});
