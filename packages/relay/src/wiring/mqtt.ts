import { AccountHomes, EmoncmsClients } from '../adapters/index.ts';
import type { RelayFacts } from '../api/index.ts';
import { RECORD_LOOK_MS, RecordWatch } from '../devices/index.ts';
import type { KeyEnrolment } from '../enrolment/index.ts';
import {
  Joining,
  KnownServices,
  Logins,
  MqttBroker,
  type MqttConnection,
  MqttCredentials,
  MqttLinks,
  MqttVisits,
  MqttWebSockets,
  ownerOf,
  StandingWatch,
} from '../mqtt/index.ts';
import { type DeviceAdmission, UnauthenticatedLimit } from '../ssh/index.ts';
import { addressKey } from '../token-buckets.ts';
import type { DeviceLinks } from './device-links.ts';
import type { Foundation } from './foundation.ts';
import type { People } from './people.ts';

/** Connections of all addresses that have not signed in: their number must not grow with that of the addresses. */
const UNAUTHENTICATED_MAX = 1_000;

/** The MQTT broker, and what MQTT clients sign in with. */
export async function wireMqtt(
  { config, stores, audit, events, clock, logger, metrics, stack, failed }: Foundation,
  people: People,
  { table, callHome, readings }: DeviceLinks,
  parts: { admission: DeviceAdmission; keyEnrolment: KeyEnrolment; facts: RelayFacts },
) {
  const { admission, keyEnrolment, facts } = parts;
  const credentials = new MqttCredentials({ store: stores.mqttCredentials, audit, events, clock });
  const logins = new Logins({
    credentials,
    accounts: stores.accounts,
    devices: stores.devices,
    checkPassword: (given, from) => people.signIn.check(given, from),
    clock,
  });
  const unauthenticated = new UnauthenticatedLimit({
    perAddress: config.limits.maxUnauthenticatedPerAddress,
    inAll: UNAUTHENTICATED_MAX,
  });
  const broker = await MqttBroker.open({
    store: stores.mqttMessages,
    logins,
    enter: (address) => unauthenticated.enter(addressKey(address)),
    clock,
    logger: logger.child('mqtt'),
  });
  const admit = admission.admit.bind(admission);
  broker.watch(new Joining({ admit, credentials, clock, logger: logger.child('mqtt') }));
  const links = new MqttLinks({
    links: table,
    readings,
    clock,
    logger: logger.child('mqtt'),
    knownServices: new KnownServices({ devices: stores.devices, links: table, events, logger }),
    rpcDropped: metrics.rpcDropped,
  });
  broker.watch(
    new MqttVisits({
      ...{ links, calls: callHome, devices: stores.devices, clock },
      onError: failed('MQTT visit not noted'),
    }),
  );
  const emoncmsClients = new EmoncmsClients({
    links,
    homes: new AccountHomes({ devices: stores.devices, enrolment: keyEnrolment }),
    page: (deviceId) => `${facts.origin}/devices/${deviceId}/emoncms`,
    dropped: metrics.rpcDropped,
    clock,
    logger: logger.child('emoncms'),
  });
  broker.watch(emoncmsClients);
  stack.add(() => broker.close());
  const lookError = failed('MQTT credentials not looked at');
  const standing = new StandingWatch({
    connections: () => broker.connections(),
    credentials: stores.mqttCredentials,
    accounts: stores.accounts,
    fits: ({ identity }, account) => logins.fits(identity, account),
    onRevoked({ identity: { accountId } }, credentialId) {
      if (accountId !== undefined)
        events.publish({ type: 'mqtt-credential-revoked', accountId, credentialId });
    },
    ...{ clock, lookMs: RECORD_LOOK_MS, onError: lookError },
  });
  stack.add(() => standing.close());
  const recordWatch = new RecordWatch({
    devices: stores.devices,
    connected: {
      *devices() {
        for (const { identity } of broker.connections()) {
          const { deviceId: id, accountId } = identity;
          if (id !== undefined && accountId !== undefined) yield { id, accountId };
        }
        yield* emoncmsClients.homes();
      },
      end(deviceId, reason) {
        broker.endWhere(({ identity }) => identity.deviceId === deviceId, reason);
        emoncmsClients.deviceChanged(deviceId);
      },
    },
    ...{ events, clock, onError: lookError },
  });
  stack.add(() => recordWatch.close());
  /** A blocked device is kept out; a renamed one comes again, to learn which topics are its own now. */
  const deviceChanged = async (accountId: string, deviceId: string): Promise<void> => {
    const isOwn = ({ identity }: MqttConnection) => identity.deviceId === deviceId;
    if (!broker.mayHave(isOwn)) return;
    const device = await stores.devices.byId(accountId, deviceId);
    if (device?.blockedAt !== undefined) return broker.endWhere(isOwn, 'the device was blocked');
    for (const connection of [...broker.connections()]) {
      if (isOwn(connection) && device?.name !== connection.identity.deviceName)
        connection.end('the device was renamed');
    }
  };
  stack.add(
    events.subscribe((event) => {
      switch (event.type) {
        case 'mqtt-credential-revoked':
          broker.endWhere(
            ({ identity }) => identity.credentialId === event.credentialId,
            'its credential was revoked',
          );
          return broker.forgetSessions((id) => ownerOf(id)?.credentialId === event.credentialId);
        case 'password-changed':
          return broker.endWhere(
            ({ identity }) => identity.kind === 'account' && identity.accountId === event.accountId,
            'the password was changed',
          );
        case 'device-removed':
          broker.endWhere(({ identity }) => identity.deviceId === event.deviceId, 'the device was removed');
          return broker.forgetSessions((id) => ownerOf(id)?.deviceId === event.deviceId);
        case 'device-changed':
          emoncmsClients.deviceChanged(event.deviceId);
          return void deviceChanged(event.accountId, event.deviceId).catch(
            failed('MQTT clients not looked at'),
          );
        case 'account-removed':
          broker.endWhere(
            ({ identity }) => identity.accountId === event.accountId,
            'the account was removed',
          );
          return broker.forgetSessions((id) => ownerOf(id)?.accountId === event.accountId);
        default:
      }
    }),
  );
  return { broker, credentials, emoncmsClients, webSockets: new MqttWebSockets(broker) };
}
