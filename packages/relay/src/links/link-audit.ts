import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { Logger, RelayMetrics } from '../telemetry/index.ts';
import type { Link, LinkListener } from './link.ts';

/** Tells the audit, the log and the metrics of links that come and go. */
export class LinkAudit implements LinkListener {
  readonly #audit: Audit;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: Pick<RelayMetrics, 'links' | 'bytes'>;

  constructor(parts: {
    audit: Audit;
    clock: Clock;
    logger: Logger;
    metrics: Pick<RelayMetrics, 'links' | 'bytes'>;
  }) {
    this.#audit = parts.audit;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
    this.#metrics = parts.metrics;
  }

  up(link: Link): void {
    this.#metrics.links[link.transport].add(1);
    this.#logger.info(
      { device: link.deviceName, address: link.address, transport: link.transport },
      'link up',
    );
    this.#note(link, 'link.up', { transport: link.transport, agent: link.agent });
  }

  changed(): void {}

  down(link: Link, reason: string): void {
    this.#metrics.links[link.transport].add(-1);
    this.#metrics.bytes.from_device.add(link.bytesIn);
    this.#metrics.bytes.to_device.add(link.bytesOut);
    this.#logger.info({ device: link.deviceName, reason }, 'link down');
    this.#note(link, 'link.down', { reason });
  }

  #note(link: Link, action: 'link.up' | 'link.down', detail: Record<string, string>): void {
    this.#audit.append({
      accountId: link.accountId,
      at: this.#clock.now(),
      actor: `device:${link.deviceName}`,
      action,
      deviceId: link.deviceId,
      target: link.deviceName,
      address: link.address,
      detail,
    });
  }
}
