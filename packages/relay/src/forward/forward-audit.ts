import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { LiveForward } from './live-forward.ts';
import { describeTarget } from './port-target.ts';

/** What the audit hears of forwards, in the name of who asked for them. */
export class ForwardAudit {
  readonly #audit: Audit;
  readonly #clock: Clock;

  constructor(parts: { audit: Audit; clock: Clock }) {
    this.#audit = parts.audit;
    this.#clock = parts.clock;
  }

  /** It was asked for, and waits or is open at once. */
  begun(live: LiveForward, asked: { minutes: number; from: string }): void {
    const { port, bind, allow } = live.view();
    const blocks = allow.length === 0 ? {} : { allow: allow.join(', ') };
    const action = live.state === 'open' ? 'forward.opened' : 'forward.requested';
    this.#note(live, action, { port, ...asked, bind, ...blocks });
  }

  /** One that waited is open for the first time. */
  opened(live: LiveForward): void {
    this.#note(live, 'forward.opened', { port: live.view().port });
  }

  closed(live: LiveForward, reason: string): void {
    const { port, connectionsTotal: connections, refused, bytesIn, bytesOut } = live.view();
    const turnedAway = refused > 0 ? { refused } : {};
    this.#note(live, 'forward.closed', { port, reason, connections, bytesIn, bytesOut, ...turnedAway });
  }

  #note(
    live: LiveForward,
    action: 'forward.requested' | 'forward.opened' | 'forward.closed',
    detail: Record<string, string | number>,
  ): void {
    const { createdBy, deviceId, service, devicePort = 0 } = live.view();
    this.#audit.append({
      accountId: live.accountId,
      at: this.#clock.now(),
      actor: createdBy,
      action,
      deviceId,
      target: service ?? describeTarget({ port: devicePort }),
      detail,
    });
  }
}
