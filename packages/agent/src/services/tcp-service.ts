import { type Channel, joinStreams } from '@porchlight/link';
import type { ServiceSettings } from '../config/index.ts';
import type { AccessNote, Gate } from './gate.ts';
import { connectLocally } from './local-connections.ts';

export interface TcpServiceParts {
  readonly name: string;
  readonly settings: ServiceSettings;
  readonly gate: Gate;
  readonly note: (note: AccessNote) => void;
}

/** Serves one `tcp` service: a channel is accepted when the local server has accepted its connection, not before. */
export class TcpService {
  readonly #parts: TcpServiceParts;
  readonly #channels = new Set<Channel>();

  constructor(parts: TcpServiceParts) {
    this.#parts = parts;
  }

  /** Answers the relay's wish for a channel. */
  open(accept: () => Channel, reject: () => void): void {
    const { name, settings, gate, note } = this.#parts;
    const decision = gate.decideConnection(name);
    const allowed = decision.kind === 'allow' && !gate.paused;
    note({
      service: name,
      kind: allowed ? 'allow' : 'deny',
      person: undefined,
      rule: decision.rule,
      ...(decision.kind === 'deny' ? { reason: decision.reason } : gate.paused ? { reason: 'paused' } : {}),
    });
    if (!allowed) return reject();
    connectLocally(settings).then(
      (socket) => {
        const channel = accept();
        this.#channels.add(channel);
        joinStreams(channel, socket, () => this.#channels.delete(channel));
      },
      () => reject(),
    );
  }

  close(): void {
    for (const channel of this.#channels) channel.destroy();
  }
}
