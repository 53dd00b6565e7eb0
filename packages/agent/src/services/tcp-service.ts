import { type Channel, joinStreams } from '@porchlight/link';
import type { ServiceSettings } from '../config/index.ts';
import type { AcceptChannel } from '../link/index.ts';
import type { Gate, RequestAudit } from './gate.ts';
import { connectLocally } from './local-connections.ts';

export interface TcpServiceParts {
  readonly name: string;
  readonly settings: ServiceSettings;
  readonly gate: Gate;
  readonly audit: RequestAudit;
}

/** Serves one `tcp` service: a channel is accepted when the local server has accepted its connection, not before. */
export class TcpService {
  readonly #parts: TcpServiceParts;
  readonly #channels = new Set<Channel>();
  readonly #closed = new AbortController();

  constructor(parts: TcpServiceParts) {
    this.#parts = parts;
  }

  /** Answers the relay's wish for a channel. */
  open(accept: AcceptChannel, reject: () => void): void {
    const { name, settings, gate, audit } = this.#parts;
    const decision = gate.decideConnection(name);
    const allowed = decision.kind === 'allow' && !gate.paused;
    const reason = decision.kind === 'deny' ? decision.reason : gate.paused ? 'paused' : undefined;
    audit.request({ service: name, decision: allowed ? 'allow' : 'deny', rule: decision.rule, reason });
    if (!allowed) return reject();
    connectLocally(settings, this.#closed.signal).then(
      (socket) => {
        const channel = accept();
        if (channel === undefined) return socket.destroy();
        this.#channels.add(channel);
        joinStreams(channel, socket, () => this.#channels.delete(channel));
      },
      () => reject(),
    );
  }

  /** Ends every connection, and those that are being made. Idempotent. */
  close(): void {
    this.#closed.abort();
    for (const channel of this.#channels) channel.destroy();
  }
}
