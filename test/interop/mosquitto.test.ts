import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import {
  type ProcessPerson,
  type ProcessRelay,
  type RunningProgram,
  requireProgram,
  runProgram,
  startProcessRelay,
  startProgram,
} from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const pub = await requireProgram('mosquitto_pub', 'mosquitto-clients');
const sub = await requireProgram('mosquitto_sub', 'mosquitto-clients');

describe.skipIf(pub.missing !== undefined || sub.missing !== undefined)(
  `mosquitto's clients ${pub.missing ?? ''}`,
  () => {
    let relay: ProcessRelay;
    let ann: ProcessPerson;
    let bob: ProcessPerson;

    beforeAll(async () => {
      relay = await startProcessRelay();
      ann = await relay.person('ann', 'admin');
      bob = await relay.person('bob');
    });
    afterAll(() => relay?.close());

    const plain = () => ['-h', '127.0.0.1', '-p', String(relay.ports.mqtt)];
    const secure = () => [
      '-h',
      'localhost',
      '-p',
      String(relay.ports.mqtts),
      '--cafile',
      relay.caFile,
      '--insecure',
    ];
    const as = (who: { name: string; password: string }) => ['-u', who.name, '-P', who.password];
    const said = (program: RunningProgram, what: RegExp) =>
      expect.poll(() => program.lines.filter((line) => what.test(line)), { timeout: 10_000 }).not.toEqual([]);
    const publish = (args: readonly string[]) => runProgram(pub.path ?? '', [...args]);
    const subscribe = (args: readonly string[]): RunningProgram =>
      startProgram('stdbuf', [
        '-oL',
        sub.path ?? '',
        '-d',
        '-v',
        '-F',
        '{"topic":"%t","text":"%p","qos":%q,"retained":%r}',
        ...args,
      ]);

    it.each(['over TLS', 'without TLS'])(
      'publish and subscribe %s, with each quality of service',
      async (way) => {
        const to = way === 'over TLS' ? secure() : plain();
        const listener = subscribe([...to, ...as(ann), '-t', 'user/ann/#', '-q', '2']);
        await said(listener, /SUBACK/);
        for (const qos of [0, 1, 2]) {
          const text = `hello ${qos}`;
          const done = await publish([...to, ...as(ann), '-t', 'user/ann/x', '-m', text, '-q', String(qos)]);
          expect(done).toMatchObject({ code: 0 });
          expect(await listener.json((line) => line['text'] === text)).toMatchObject({
            topic: 'user/ann/x',
            qos,
          });
        }
        await listener.stop();
      },
    );

    it('hear by their own code why they are refused', async () => {
      const wrong = await publish([...plain(), '-u', 'ann', '-P', 'wrong', '-t', 'user/ann/x', '-m', 'x']);
      expect(wrong).toMatchObject({ code: 4, stderr: expect.stringMatching(/bad user name or password/i) });
      const five = await publish([...plain(), ...as(ann), '-V', '5', '-t', 'user/ann/x', '-m', 'x']);
      expect(five.code).not.toBe(0);
      const denied = subscribe([...plain(), ...as(bob), '-t', 'user/ann/#', '-E']);
      await said(denied, /denied/i);
      await denied.stop();
    });

    it('a device reports by telemetry, with credentials of its own', async () => {
      const made = JSON.parse((await ann.api('POST', '/api/enrolment-tokens', {})).body);
      const rr = await requireProgram('mosquitto_rr', 'mosquitto-clients');
      const wish = JSON.stringify({ name: 'shed', token: made.token });
      const joined = await runProgram(rr.path ?? '', [
        ...['-h', '127.0.0.1', '-p', String(relay.ports.mqtt), '-u', 'join', '-V', '311'],
        ...['-t', 'join/request', '-e', 'join/answer', '-m', wish, '-W', '10'],
      ]);
      const { username, password } = JSON.parse(joined.stdout);
      const sent = await publish([
        ...secure(),
        '-u',
        username,
        '-P',
        password,
        '-t',
        'device/shed/telemetry/t',
        '-m',
        '21.5',
        '-q',
        '1',
      ]);
      expect(sent).toMatchObject({ code: 0 });
      const listed = JSON.parse((await ann.api('GET', '/api/devices?search=shed')).body);
      const { readings } = JSON.parse(
        (await ann.api('GET', `/api/devices/${listed.items[0].id}/readings`)).body,
      );
      expect(readings).toMatchObject([{ name: 't', value: '21.5' }]);
    });

    it('a sensor that publishes and leaves is up as long as it comes in time, and each visit is no row of its history', async () => {
      const made = JSON.parse((await ann.api('POST', '/api/devices', { name: 'meter', mqtt: true })).body);
      const { username, password } = made.mqtt;
      const look = async (path = '') =>
        JSON.parse((await ann.api('GET', `/api/devices/${made.id}${path}`)).body);
      for (const value of ['1', '2', '3']) {
        const topic = 'device/meter/telemetry/kwh';
        const to = [...plain(), '-u', username, '-P', password, '-t', topic, '-m', value, '-q', '1'];
        expect(await publish(to)).toMatchObject({ code: 0 });
        await expect.poll(async () => (await look()).link.callHome).toBeDefined();
        await expect.poll(async () => (await look()).link.transport).toBeUndefined();
        expect((await look()).link.up).toBe(true);
      }
      expect((await look('/readings')).readings).toMatchObject([{ name: 'kwh', value: '3' }]);
      expect((await look('/health')).periods.map(({ state }: { state: string }) => state)).toEqual(['up']);
      const audit = JSON.parse((await ann.api('GET', `/api/audit?deviceId=${made.id}`)).body).items;
      const links = audit
        .map(({ action }: { action: string }) => action)
        .filter((one: string) => one.startsWith('link'));
      // Of its first visit, before anybody knew that it would leave again; the later ones are none.
      expect(links).toEqual(['link.down', 'link.up', 'link.up']);
      expect((await look()).link.callHome.bytesLastHour).toBeGreaterThan(100);
    });

    it('bytes that are no MQTT, lengths without end and packets that are too long end their own connection alone', async () => {
      const listener = subscribe([...plain(), ...as(ann), '-t', 'user/ann/#']);
      await said(listener, /SUBACK/);
      const hostile = [
        Buffer.from('GET / HTTP/1.1\r\n\r\n'),
        Buffer.alloc(64, 0xff),
        Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]),
        Buffer.from([0x30, 0x02, 0x00, 0x00]),
        Buffer.from([0xc0, 0x00]),
        Buffer.concat([Buffer.from([0x10, 0x80, 0x80, 0x02]), Buffer.alloc(32 * 1024)]),
      ];
      for (const bytes of hostile) {
        const socket = net.connect(relay.ports.mqtt, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.write(bytes);
        await once(socket, 'close');
      }
      const file = join(relay.data, 'two-megabytes');
      await writeFile(file, Buffer.alloc(2 * 1024 * 1024));
      const tooLong = await publish([...plain(), ...as(ann), '-t', 'user/ann/big', '-f', file, '-q', '1']);
      expect(tooLong.code).not.toBe(0);
      const fits = await publish([...plain(), ...as(ann), '-t', 'user/ann/x', '-m', 'still here', '-q', '1']);
      expect(fits.code).toBe(0);
      await listener.json((line) => line['text'] === 'still here');
      await listener.stop();
    });

    it('the relay`s own certificate is shown on the MQTT port', async () => {
      const socket = tls.connect({
        port: relay.ports.mqtts,
        host: '127.0.0.1',
        servername: relay.domain,
        rejectUnauthorized: false,
      });
      await once(socket, 'secureConnect');
      expect(socket.getPeerCertificate().subjectaltname).toContain(relay.domain);
      socket.destroy();
    });
  },
);
