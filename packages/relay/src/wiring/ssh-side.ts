import { poolPacketPadding } from '@porchlight/link';
import { joinCode } from '@porchlight/protocol';
import { EtPhoneHome } from '../adapters/index.ts';
import type { RelayFacts } from '../api/index.ts';
import { DeviceCommands } from '../call-home/index.ts';
import { EnrolmentTokens, JoinRequestTable, KeyEnrolment } from '../enrolment/index.ts';
import { OperatorLogins, type Operators } from '../operators/index.ts';
import { DeviceAdmission, type DeviceKey, DeviceSession, type HostKey, SshServer } from '../ssh/index.ts';
import { VERSION } from '../version.ts';
import type { DeviceLinks } from './device-links.ts';
import type { Foundation } from './foundation.ts';
import type { People } from './people.ts';

export function wireSshSide(
  { config, stores, audit, events, clock, logger, metrics, stack }: Foundation,
  { table, connections, callHome, portRequests, readings, baseStations }: DeviceLinks,
  people: People,
  { hostKey, facts, operators }: { hostKey: HostKey; facts: RelayFacts; operators: Operators },
) {
  const { limits } = config;
  const enrolmentTokens = new EnrolmentTokens({ store: stores.enrolmentTokens, audit, clock });
  const joinRequests = new JoinRequestTable({
    devices: stores.devices,
    audit,
    events,
    clock,
    relayFingerprint: hostKey.fingerprint,
    limits: {
      perAddress: limits.joinRequestsPerAddress,
      inAll: limits.joinRequests,
      devicesPerAccount: limits.maxDevicesPerAccount,
    },
  });
  stack.add(() => joinRequests.close());
  stack.add(
    events.subscribe((event) => {
      if (event.type === 'join-request-ended') metrics.joinRequests[event.outcome].add(1);
    }),
  );
  const keyEnrolment = new KeyEnrolment({
    devices: stores.devices,
    personWithKey: async (fingerprint) => (await stores.sshKeys.byFingerprint(fingerprint))?.accountId,
    audit,
    events,
    clock,
    devicesPerAccount: limits.maxDevicesPerAccount,
  });
  const admission = new DeviceAdmission({
    devices: stores.devices,
    accounts: stores.accounts,
    joinRequests,
    tokens: enrolmentTokens,
    audit,
    events,
    clock,
    origin: () => facts.origin,
    devicesPerAccount: limits.maxDevicesPerAccount,
  });
  const sshLogger = logger.child('ssh');
  const session = {
    admission,
    devices: stores.devices,
    links: table,
    baseStations,
    events,
    clock,
    logger: sshLogger,
    domain: config.domain,
    maxChannels: limits.channelsPerLink,
    connections,
    calls: callHome,
    portRequests,
    dialects: [
      new EtPhoneHome({ inbox: portRequests }),
      new DeviceCommands({ portRequests, readings, clock }),
    ],
    serviceUrl: (service: string, device: string) => facts.serviceUrl(service, device),
  };
  poolPacketPadding();
  const logins = new OperatorLogins({
    ...people,
    devices: stores.devices,
    audit,
    clock,
    greeting: async (key: DeviceKey) => {
      const code = await joinCode(key.fingerprint, hostKey.fingerprint);
      return `Porchlight: this key is new here. Code ${code}; allow it at ${facts.origin}/requests?code=${code}`;
    },
  });
  const ssh = new SshServer({
    hostKey,
    version: VERSION,
    clock,
    logger: sshLogger,
    refused: metrics.sshRefused,
    limits: {
      unauthenticatedPerAddress: limits.maxUnauthenticatedPerAddress,
      handshakeMs: limits.handshakeSeconds * 1000,
    },
    logins,
    onOperator: (client) => operators.accept(client),
    onClient: (client) => void new DeviceSession(client, session),
  });
  return { admission, enrolmentTokens, joinRequests, keyEnrolment, ssh };
}
