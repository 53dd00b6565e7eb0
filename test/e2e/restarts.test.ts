import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Origin,
  type ProcessDevice,
  type ProcessPerson,
  type ProcessRelay,
  type RunningPostgres,
  requirePostgres,
  runPorchlight,
  runProgram,
  startOrigin,
  startPostgres,
  startProcessRelay,
  until,
} from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const postgres = await requirePostgres();

describe.each([
  { database: 'SQLite', missing: undefined },
  { database: 'PostgreSQL', missing: postgres.missing },
])('killed and started again, with its records in $database', ({ database, missing }) => {
  describe.skipIf(missing !== undefined)(missing ?? '', () => {
    let server: RunningPostgres | undefined;
    let relay: ProcessRelay;
    let origin: Origin;
    let alice: ProcessPerson;
    let bob: ProcessPerson;
    let devices: ProcessDevice[];

    beforeAll(async () => {
      origin = await startOrigin();
      if (database === 'PostgreSQL') server = await startPostgres();
      relay = await startProcessRelay(server === undefined ? {} : { flags: ['--database', server.url] });
      alice = await relay.person('alice', 'admin');
      bob = await relay.person('bob');
      const web = `http://127.0.0.1:${origin.http}`;
      devices = [
        await relay.device(alice, 'robot', { web, raw: `tcp://127.0.0.1:${origin.tcp}` }),
        await relay.device(bob, 'meter', { web, api: web }),
      ];
    });

    afterAll(async () => {
      await relay?.close();
      await server?.stop();
      await origin?.program.stop();
    });

    function visit(host: string, who: ProcessPerson, args: readonly string[] = []) {
      const auth = ['-H', `Authorization: Bearer ${who.token}`];
      return relay.visit(`${host}.home.localhost`, '/bytes/1000', [...auth, ...args]);
    }

    /** Everything registered, as the API tells it; what changes with the links is left out. */
    async function registered(who: ProcessPerson) {
      const read = async (path: string) =>
        JSON.parse((await who.api('GET', path, undefined, 'session')).body).items;
      return {
        devices: (await read('/api/devices')).map(
          ({ id, name, tags, fingerprint, createdAt, formerNames, services }: Record<string, unknown>) => ({
            ...{ id, name, tags, fingerprint, createdAt, formerNames },
            services: (services as Record<string, unknown>[]).map((service) => ({
              ...{ name: service['name'], kind: service['kind'], access: service['access'] },
              users: service['basicUsers'],
            })),
          }),
        ),
        tokens: await read('/api/enrolment-tokens'),
        accessTokens: (await read('/api/me/access-tokens')).map(({ id }: { id: string }) => id),
      };
    }

    it('kill -9 under load loses nothing registered, and the devices come back by themselves', async () => {
      const [robot, meter] = devices;
      if (robot === undefined || meter === undefined) throw new Error('no devices');
      const change = (path: string, body: object, who: ProcessPerson) => who.api('PATCH', path, body);
      await change(`/api/devices/${robot.id}`, { tags: ['attic', 'north'] }, alice);
      await change(`/api/devices/${meter.id}/services/web`, { access: 'public' }, bob);
      await change(
        `/api/devices/${meter.id}/services/api`,
        { access: 'basic', basicUser: 'reader', basicPassword: 'long enough' },
        bob,
      );
      await change(`/api/devices/${meter.id}`, { name: 'power-meter' }, bob);
      await alice.api('POST', '/api/enrolment-tokens', { note: 'fleet', uses: 7, tags: ['fleet'] });
      const before = { alice: await registered(alice), bob: await registered(bob) };
      const audit = JSON.parse((await bob.api('GET', '/api/audit?limit=500')).body).items;
      expect(audit.map(({ action }: { action: string }) => action)).toContain('device.renamed');

      // Load: visitors who never stop asking, and a download under way.
      const load = new AbortController();
      const visitors = Array.from({ length: 4 }, async () => {
        while (!load.signal.aborted) await visit('web--robot', alice, ['--max-time', '5']);
      });
      const download = relay.visit('web--robot.home.localhost', '/bytes/1000000000', [
        ...['-H', `Authorization: Bearer ${alice.token}`, '-o', '/dev/null', '--limit-rate', '50M'],
      ]);
      await until(async () => (await seen()).bytesOut > 5_000_000);
      const since = devices.map(({ agent }) => agent.lineCount);
      expect(await relay.program.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
      const cut = await download;
      expect(cut.exit).not.toBe(0);
      const started = performance.now();
      await relay.start();
      const up = performance.now();
      await Promise.all(
        devices.map(({ agent }, i) => agent.json((line) => line['msg'] === 'link up', since[i])),
      );
      await until(async () => (await visit('web--robot', alice)).status === 200);
      report(`relay up ${seconds(started, up)} s after kill -9, devices back ${seconds(up)} s after that`);
      load.abort();
      await Promise.all(visitors);

      // The accounts, by password, session and token; the devices by their old and new names; the modes.
      expect({ alice: await registered(alice), bob: await registered(bob) }).toEqual(before);
      expect((await alice.api('GET', '/api/me', undefined, 'session')).status).toBe(200);
      const after = JSON.parse((await bob.api('GET', '/api/audit?limit=500')).body).items;
      expect(after.map(({ id }: { id: number }) => id)).toEqual(
        expect.arrayContaining(audit.map(({ id }: { id: number }) => id)),
      );
      await until(
        async () => (await relay.visit('web--power-meter.home.localhost', '/bytes/1')).status === 200,
      );
      const basic = (user: string) =>
        relay.visit('api--power-meter.home.localhost', '/bytes/1', ['-u', user]);
      expect((await basic('reader:long enough')).status).toBe(200);
      expect((await basic('reader:wrong one')).status).toBe(401);
      expect((await visit('web--robot', bob)).status).toBe(404);
      const token = await relay.device(alice, 'newcomer', {});
      await token.agent.stop();
    });

    it('an agent that was killed comes back on its own folder', async () => {
      const [robot] = devices;
      if (robot === undefined) throw new Error('no device');
      await robot.agent.stop('SIGKILL');
      await until(async () => (await visit('web--robot', alice)).status === 503);
      const started = performance.now();
      await robot.start();
      expect((await visit('web--robot', alice)).status).toBe(200);
      report(`agent back ${seconds(started)} s after its start`);
      const second = await runPorchlight(['agent', 'run', '--data', robot.data]);
      expectOneLine(second, /agent/);
    });

    it('a second relay on the same folder is refused, and so is one on its ports', async () => {
      const flags = ['--log', 'json', '--domain', 'home.localhost', '--http', '0', '--https', '0'];
      const second = await runPorchlight(['relay', '--data', relay.data, ...flags, '--ssh', '0']);
      expectOneLine(second, /Another relay .* uses the data folder/);
      const folder = await mkdtemp(join(tmpdir(), 'porchlight-second-'));
      const port = String(relay.ports.ssh);
      const ports = await runPorchlight(['relay', '--data', folder, ...flags, '--ssh', port]);
      expectOneLine(ports, new RegExp(`SSH: port ${port} .* in use`));
      await rm(folder, { recursive: true, force: true });
      expect((await visit('web--robot', alice)).status).toBe(200);
    });

    it('is backed up while it runs, and put back elsewhere', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'porchlight-restored-'));
      try {
        const file = join(folder, 'backup.db');
        const backup = await relay.command(['backup', file]);
        if (database === 'PostgreSQL') {
          expectOneLine(backup, /PostgreSQL/);
          return;
        }
        expect(backup).toMatchObject({ code: 0 });
        const again = await relay.command(['backup', file]);
        expectOneLine(again, /there already/);
        const over = await relay.command(['restore', file, '--force']);
        expectOneLine(over, /in use|Another relay/);
        const data = join(folder, 'data');
        const restored = await runPorchlight(['relay', 'restore', file, '--data', data]);
        expect(restored).toMatchObject({ code: 0 });
        const listed = await runPorchlight(['relay', 'user', 'list', '--json', '--data', data]);
        expect(JSON.parse(listed.stdout).map(({ name }: { name: string }) => name)).toEqual(['alice', 'bob']);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });

    it('stops in order when it is told to', async () => {
      const ended = await relay.program.stop('SIGTERM');
      expect(ended).toEqual({ code: 0, signal: null });
      await relay.start();
      await until(async () => (await visit('web--robot', alice)).status === 200);
    });

    async function seen(): Promise<{ bytesOut: number }> {
      return JSON.parse((await runProgram('curl', ['-sS', `http://127.0.0.1:${origin.http}/seen`])).stdout);
    }

    function report(line: string): void {
      process.stdout.write(`restarts (${database}): ${line}\n`);
    }
  });
});

/** Exit code 2 and one error that names cause and mend, with no stack behind it. */
function expectOneLine(said: { code: number | null; stderr: string }, cause: RegExp): void {
  expect(said.stderr).toMatch(cause);
  expect(said.code, said.stderr).toBe(2);
  const lines = said.stderr.trim().split('\n');
  expect(lines.filter((line) => line.startsWith('error: '))).toHaveLength(1);
  expect(lines.every((line) => /^(?:error|hint|warning): /.test(line))).toBe(true);
}

function seconds(since: number, until = performance.now()): number {
  return Math.round((until - since) / 100) / 10;
}
