import { expect, it } from 'vitest';
import { lanPorts } from './lan-ports.ts';

const at = (host: string, port: number) => ({ host, port });
const open = { http: 8095, mqtt: 1883, mqtts: 8883 };
const none = { http: undefined, mqtt: undefined, mqtts: undefined };
const mosquitto = { passwordFile: '/p', aclFile: '/a', reload: { pidFile: '/r' } };

it('says what is open to the LAN, and of a web server in front its port', () => {
  const [lan, local] = [at('0.0.0.0', 1), at('127.0.0.1', 1)];
  const of = (http: typeof lan | 'off', mqtt: typeof lan | 'off', mqtts: typeof lan | 'off', more = {}) =>
    lanPorts({ http, mqtt, mqtts, mosquitto: undefined, ...more }, open);
  expect(of(lan, lan, lan)).toEqual(open);
  expect(of(local, lan, lan)).toEqual({ ...open, http: 80 });
  expect(of(lan, local, lan)).toEqual({ ...open, mqtt: undefined });
  expect(of(local, local, local)).toEqual(none);
  expect(of(at('::1', 1), at('localhost', 1), local)).toEqual(none);
  expect(of(local, local, 'off', { mosquitto })).toEqual({ ...open, http: 80 });
  expect(
    lanPorts({ http: 'off', mqtt: lan, mqtts: 'off', mosquitto: undefined }, { ...none, mqtt: 1883 }),
  ).toEqual({
    ...none,
    mqtt: 1883,
  });
});
