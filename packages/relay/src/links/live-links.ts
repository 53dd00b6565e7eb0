import { performance } from 'node:perf_hooks';
import type { AnnouncedService, PorchlightError } from '@porchlight/protocol';
import type { LinkState, ProbeResult } from '@porchlight/protocol/api';
import type { Link } from './link.ts';
import type { LinkTable, LiveLinks } from './link-table.ts';

export interface LiveLinksParts {
  readonly links: LinkTable;
  readonly lastEnd: LiveLinks['lastEnd'];
  /** Ends all connections of a device, also those that are not part of its link. */
  readonly endAll: (deviceId: string, reason: string) => void;
  readonly unwrittenBytes: (link: Link) => { in: number; out: number };
  /** Asks one service for an answer; resolves when it gave one, or with why it did not. */
  readonly ask: (
    link: Link,
    service: AnnouncedService,
    signal: AbortSignal,
  ) => Promise<PorchlightError | undefined>;
}

/** Live links as the API sees them. */
export function createLiveLinks(parts: LiveLinksParts): LiveLinks {
  const { links } = parts;
  return {
    state: (deviceId) => stateOf(links.get(deviceId)),
    services: (deviceId) => links.get(deviceId)?.services,
    lastEnd: parts.lastEnd,
    bytes(deviceId) {
      const link = links.get(deviceId);
      return link === undefined ? { in: 0, out: 0 } : parts.unwrittenBytes(link);
    },
    async probe(deviceId, service, signal): Promise<ProbeResult> {
      const started = performance.now();
      const link = links.get(deviceId);
      const offered = link?.services.find((one) => one.name === service);
      if (link === undefined) return { ok: false, took: 0, error: 'The device is offline' };
      if (offered === undefined)
        return { ok: false, took: 0, error: 'The device does not offer this service now' };
      const error = await parts.ask(link, offered, signal);
      const took = Math.round((performance.now() - started) * 100) / 100;
      return error === undefined ? { ok: true, took } : { ok: false, took, error: error.message };
    },
    setKind: (deviceId, service, kind) => links.get(deviceId)?.setKind?.(service, kind),
    end(deviceId, reason) {
      links.get(deviceId)?.end(reason);
      parts.endAll(deviceId, reason);
    },
  };
}

function stateOf(link: Link | undefined): LinkState | undefined {
  if (link === undefined) return undefined;
  return {
    up: true,
    since: link.upSince,
    ...(link.rtt === undefined ? {} : { rtt: link.rtt.ms, rttAt: link.rtt.at }),
    address: link.address,
    transport: link.transport,
    agent: link.agent,
    paused: link.paused,
  };
}
