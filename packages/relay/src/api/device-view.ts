import { isWebService } from '@porchlight/protocol';
import type { Device, LinkState, Service } from '@porchlight/protocol/api';
import type { CallHomeView } from '../call-home/index.ts';
import { type DeviceRecord, keyFingerprintOf, type ServiceRecord } from '../devices/index.ts';
import type { LiveLinks } from '../links/index.ts';
import type { ApiDeps, RelayFacts } from './deps.ts';

interface Parts {
  readonly links: Pick<LiveLinks, 'lastEnd' | 'state' | 'services' | 'bytes'>;
  readonly callHomes: ApiDeps['callHomes'];
  readonly relay: Pick<RelayFacts, 'serviceUrl' | 'pathUrl' | 'startedAt'>;
}

/** A device as the API shows it: its record, and what is live of it. */
export function deviceView(record: DeviceRecord, parts: Parts): Device {
  const live = parts.links.bytes(record.id);
  return {
    id: record.id,
    name: record.name,
    formerNames: [...record.formerNames],
    tags: [...record.tags],
    fingerprint: keyFingerprintOf(record),
    createdAt: record.createdAt,
    link: linkView(record, parts),
    blocked: record.blockedAt !== undefined,
    callIntervalSeconds: record.callIntervalSet,
    services: record.services.map((service) => serviceView(service, record, parts)),
    bytesIn: record.bytesIn + live.in,
    bytesOut: record.bytesOut + live.out,
  };
}

/** A service as the API shows it. */
export function serviceView(service: ServiceRecord, device: DeviceRecord, { links, relay }: Parts): Service {
  // Without a link what is recorded is what was last announced.
  const announced = links.services(device.id);
  const live = announced?.find(({ name }) => name === service.name);
  const isPassedOn = service.passthrough && service.kind === 'tcp';
  return {
    name: service.name,
    kind: service.kind,
    kindSet: service.kindSet,
    port: live?.port,
    access: service.access,
    basicUsers: service.users.map(({ name }) => name),
    offered: announced === undefined || live !== undefined,
    passthrough: isPassedOn,
    keepLastAnswers: service.keepLastAnswers,
    hueRemote: service.hueRemote,
    url:
      isWebService(service) || isPassedOn
        ? relay.serviceUrl(service.name, device.name, isPassedOn)
        : undefined,
    lan: live?.lan === undefined ? undefined : { door: live.lan },
    paths: service.paths.map(({ id, prefix, strip }) => ({ id, prefix, strip, url: relay.pathUrl(prefix) })),
    lastSuccessAt: service.lastSuccessAt,
    lastFailureAt: service.lastFailureAt,
    lastFailure: service.lastFailure,
  };
}

/** Why the link of a blocked device ended. */
const BLOCKED = 'the device was blocked';

function linkView(record: DeviceRecord, parts: Parts): LinkState {
  const live = parts.links.state(record.id);
  const calls = parts.callHomes.state(record);
  if (calls === undefined) return live ?? lastLink(record, parts);
  const callHome = callHomeView(calls);
  // A device that speaks MQTT and stays connected calls no more.
  if (live?.transport === 'mqtt' && !calls.up) return live;
  if (live !== undefined) {
    const since = calls.up ? Math.min(live.since ?? calls.since, calls.since) : live.since;
    return { ...live, since, callHome };
  }
  if (!calls.up) return { ...lastLink(record, parts), callHome };
  if (record.blockedAt !== undefined) {
    // It called until just now, and cannot any more.
    return { ...lastLink(record, parts), since: record.blockedAt, reason: BLOCKED, callHome };
  }
  const address = calls.address ?? record.lastAddress;
  return { up: true, since: calls.since, address, agent: record.agent, paused: false, callHome };
}

function callHomeView(calls: CallHomeView): NonNullable<LinkState['callHome']> {
  const { intervalMs, learned, lastAt, dueAt, bytesLastHour, waiting } = calls;
  return { intervalSeconds: intervalMs / 1000, learned, lastAt, dueAt, bytesLastHour, waiting };
}

function lastLink(record: DeviceRecord, { links, relay }: Parts): LinkState {
  const { lastUpAt, lastDownAt, lastDownReason, lastAddress: address, agent } = record;
  const ended = links.lastEnd(record.id);
  if (ended !== undefined)
    return { up: false, since: ended.at, reason: ended.reason, address, agent, paused: false };
  if (lastUpAt === undefined) return { up: false, paused: false };
  // Up later than down and yet no link: the relay stopped without writing the end, so the link went at its restart.
  const lost = lastDownAt === undefined || lastDownAt < lastUpAt;
  return {
    up: false,
    since: lost ? Math.max(relay.startedAt, lastUpAt) : lastDownAt,
    reason: lost ? 'the relay was restarted' : lastDownReason,
    address,
    agent,
    paused: false,
  };
}
