import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireProgram, startProgram } from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { emonEspAsks, mosquitto, type Station, startStation } from './rig.ts';

// Each test starts several programs, on a machine that may have other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const EXAMPLE = join(import.meta.dirname, '../../../examples/lan-join/device.mjs');
const NODE = join(import.meta.dirname, '../../../node_modules/.bin/node');
const { missing } = await requireProgram('mosquitto_pub', 'mosquitto-clients');

let station: Station;
beforeAll(async () => {
  station = await startStation();
});
afterAll(() => station.close());

const server = () => `http://127.0.0.1:${station.ports.http}`;

interface Request {
  readonly id: string;
  readonly name: string;
  readonly code?: string;
  readonly times: number;
}
const requests = async () => ((await station.tell('requests')) as { requests: Request[] }).requests;

/** Resolves when a request is there for which this holds. */
function request(holds: (one: Request) => boolean): Promise<Request> {
  return vi.waitFor(
    async () => {
      const found = (await requests()).find(holds);
      if (found === undefined) throw new Error('nobody asks');
      return found;
    },
    { timeout: 60_000, interval: 300 },
  );
}

describe.skipIf(missing !== undefined)(
  `WiFi devices at a base station without a relay ${missing ?? ''}`,
  () => {
    it('EmonESP’s way: asks until Allow, is told once, publishes with real clients, and is cut off by revoke', async () => {
      const stop = new AbortController();
      onTestFinished(() => stop.abort());
      const asking = emonEspAsks(server(), { everyMs: 100, signal: stop.signal });
      asking.catch(() => undefined); // told to who awaits it
      const { id } = await request(({ times }) => times > 2);
      await station.say('allow', id, '--name', 'Kitchen');
      const { credentials, told } = await asking;
      expect(new Set(told)).toEqual(new Set(['request registered']));
      expect(credentials).toMatchObject({ user: 'kitchen', base: 'emon', port: station.ports.mqtt });
      // One answer, once.
      expect(await (await fetch(`${server()}/emoncms/device/auth/request.json`)).text()).toBe(
        'request registered',
      );
      await station.say('deny', 'esp-127-0-0-1');

      const hub = {
        user: 'emonhub',
        password: await station.user('emonhub', 'read'),
        port: station.ports.mqtt,
      };
      const hearing = mosquitto('mosquitto_sub', hub, ['-t', 'emon/#', '-v', '-C', '1', '-W', '60']);
      await vi.waitFor(
        async () => {
          const said = await mosquitto('mosquitto_pub', credentials, [
            '-t',
            'emon/emonesp/power',
            '-m',
            '23.5',
          ]);
          expect(said).toMatchObject({ code: 0, stderr: '' });
          expect(await Promise.race([hearing, Promise.resolve('not yet')])).not.toBe('not yet');
        },
        { timeout: 60_000, interval: 200 },
      );
      expect((await hearing).stdout).toBe('emon/emonesp/power 23.5\n');
      expect(await station.tell('inputs')).toMatchObject([{ topic: 'emon/emonesp/power', value: '23.5' }]);

      // Another device's topic, and everything.
      const elsewhere = await mosquitto('mosquitto_pub', credentials, [
        '-t',
        'emon/other/x',
        '-m',
        '1',
        '-q',
        '1',
      ]);
      expect(elsewhere.code).not.toBe(0);
      const all = await mosquitto('mosquitto_sub', credentials, ['-t', '#', '-C', '1', '-W', '5']);
      expect(all.stderr).toContain('denied');

      const own = await mosquitto('mosquitto_sub', credentials, [
        '-t',
        'emon/emonesp/in/#',
        '-W',
        '60',
        '-E',
      ]);
      expect(own.code).toBe(0);
      await station.say('revoke', 'kitchen');
      const after = await mosquitto('mosquitto_pub', credentials, [
        '-t',
        'emon/emonesp/power',
        '-m',
        '1',
        '-q',
        '1',
      ]);
      expect(after.code).not.toBe(0);
      expect((await station.tell('inputs')) as object[]).toHaveLength(1);
    });

    it('our way: the example, written from the document alone, shows the code, and publishes over TLS', async () => {
      const keep = join(station.folder, 'device.json');
      const args = [EXAMPLE, server(), '--name', 'Attic sensor', '--keep', keep, '--every', '100'];
      const device = startProgram(NODE, args);
      onTestFinished(async () => void (await device.stop()));
      const { code = '', id } = await request(({ name }) => name === 'Attic sensor');
      await vi.waitFor(() => expect(device.lines).toContain(`code ${code}`), { timeout: 60_000 });
      // By the code that the person sees at both ends.
      await station.say('allow', code, '--name', 'attic');
      expect(await device.ended).toMatchObject({ code: 0 });
      expect(device.lines.at(-1)).toBe('published emon/attic/temperature');
      expect(await station.tell('inputs')).toContainEqual(
        expect.objectContaining({ topic: 'emon/attic/temperature', value: '21.5' }),
      );
      expect((await requests()).map((one) => one.id)).not.toContain(id);
      const { credentials } = JSON.parse(await readFile(keep, 'utf8')) as { credentials: { ca: string } };
      expect(credentials.ca).toContain('BEGIN CERTIFICATE');

      // What it keeps goes on working after a restart of the base station; ports are of the test.
      await station.restart();
      const kept = JSON.parse(await readFile(keep, 'utf8')) as { credentials: object };
      const { mqtts } = station.ports;
      await writeFile(keep, JSON.stringify({ ...kept, credentials: { ...kept.credentials, mqtts } }));
      const again = startProgram(NODE, args);
      onTestFinished(async () => void (await again.stop()));
      expect(await again.ended).toMatchObject({ code: 0 });
      expect(again.lines).toEqual(['published emon/attic/temperature']);
    });

    it('denied, it goes away without a byte of credentials, and is not heard again', async () => {
      const keep = join(station.folder, 'denied.json');
      const args = [EXAMPLE, server(), '--name', 'Stranger', '--keep', keep, '--every', '100'];
      const device = startProgram(NODE, args);
      onTestFinished(async () => void (await device.stop()));
      await station.say('deny', (await request(({ name }) => name === 'Stranger')).id);
      expect(await device.ended).toMatchObject({ code: 1 });
      expect(device.lines.at(-1)).toBe('denied');
      expect(Object.keys(JSON.parse(await readFile(keep, 'utf8')) as object)).toEqual(['secret']);
    });
  },
);
