import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runPorchlight, startTestRelay } from '@porchlight/testkit';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startStation } from './rig.ts';

vi.setConfig({ testTimeout: 120_000 });

it('a base station that joins a relay while it runs goes on with the devices that it has', async () => {
  const station = await startStation();
  onTestFinished(() => station.close());
  const relay = await startTestRelay();
  onTestFinished(() => relay.close());
  const ann = await relay.person('ann', 'admin');
  const env = { PORCHLIGHT_DATA: join(station.folder, 'data') };
  const agent = (...args: string[]) => runPorchlight(['agent', ...args], { env });
  const password = await station.user('hub', 'read');
  expect(password).not.toBe('');
  const alone = await agent('status');
  expect(alone.code).not.toBe(0);
  expect(alone.stderr).toContain('base station alone');

  const file = join(station.folder, 'ann');
  await writeFile(file, ann.password);
  const url = `http://localhost:${relay.port}`;
  const joined = await agent('join', url, '--name', 'pi', '--account', 'ann', '--password-file', file);
  expect(joined).toMatchObject({ code: 0, stderr: '' });
  await vi.waitFor(
    async () => {
      const status = JSON.parse((await agent('status', '--json')).stdout);
      expect(status.link.state).toBe('up');
      expect(status.baseStation).toMatchObject({ waiting: 0, devices: 0 });
      expect(status.baseStation.ports.mqtt).toBeGreaterThan(0);
    },
    { timeout: 60_000, interval: 500 },
  );
  expect((await agent('status')).stdout).toMatch(/Base station +http \d+, mqtt \d+, mqtts \d+; 0 devices/);
  expect((await agent('doctor')).stdout).toMatch(/ok +base station: HTTP on port/);
  expect(await station.tell('user', 'list')).toMatchObject([{ name: 'hub', access: 'read' }]);
  expect((await station.run('off')).code).toBe(0);
  expect((await station.run('show')).stderr).toContain('no base station');
});
