import { EnrolmentTokens, JoinRequestTable } from '../enrolment/index.ts';
import { DeviceAdmission, DeviceSession, type HostKey, SshServer } from '../ssh/index.ts';
import { VERSION } from '../version.ts';
import type { DeviceLinks } from './device-links.ts';
import type { Foundation } from './foundation.ts';

export function wireSshSide(
  { config, stores, audit, events, clock, logger, metrics, stack }: Foundation,
  { table }: DeviceLinks,
  { hostKey, origin }: { hostKey: HostKey; origin: () => string },
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
  const admission = new DeviceAdmission({
    devices: stores.devices,
    accounts: stores.accounts,
    joinRequests,
    tokens: enrolmentTokens,
    audit,
    events,
    clock,
    origin,
    devicesPerAccount: limits.maxDevicesPerAccount,
  });
  const sshLogger = logger.child('ssh');
  const session = {
    admission,
    devices: stores.devices,
    links: table,
    events,
    clock,
    logger: sshLogger,
    domain: config.domain,
    maxChannels: limits.channelsPerLink,
  };
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
    onClient: (client) => void new DeviceSession(client, session),
  });
  return { enrolmentTokens, joinRequests, ssh };
}
