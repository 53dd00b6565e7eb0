import type { Duplex } from 'node:stream';
import { Client } from '@porchlight/client';
import { TcpDuplex } from '@porchlight/client/node';
import { span } from '@porchlight/protocol/words';
import type { Session } from '../session/index.ts';

export interface StreamOptions {
  readonly signal: AbortSignal;
  /** Told when the device calls home and has to be waited for. */
  readonly onWaiting: (text: string) => void;
}

/** Opens TCP connections to a port or service of one device, over the relay's HTTPS port. */
export function deviceStreams({ origin, tokens }: Session, name: string, target: number | string) {
  const device = new Client({ relay: origin, token: tokens, lan: 'never' }).device(name);
  return async ({ signal, onWaiting }: StreamOptions): Promise<Duplex> => {
    const tunnel = await device.tunnel(target, {
      signal,
      onWaiting: ({ dueAt }) =>
        onWaiting(`waiting for ${name}, which calls home: expected in ${span(dueAt - Date.now())}`),
    });
    return new TcpDuplex(tunnel);
  };
}
