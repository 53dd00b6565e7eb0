import type { KeptMessage, QueuedMessage } from './message-store.ts';

/** A packet as the broker library and its persistences pass them. */
export interface Packet {
  cmd?: string;
  topic: string;
  payload: Buffer | string;
  qos: 0 | 1 | 2;
  retain: boolean;
  dup?: boolean;
  messageId?: number | undefined;
  brokerId?: string;
  brokerCounter?: number;
  clientId?: string;
}

/** What of a packet is kept. */
export function kept({ topic, payload, qos, retain }: Packet): KeptMessage {
  return { topic, payload: Buffer.isBuffer(payload) ? payload : Buffer.from(payload), qos, retain };
}

/** A message that was sent before is marked as a duplicate (MQTT 3.1.1 §3.3.1.1). */
export function toPacket(message: QueuedMessage): Packet {
  const { topic, payload, qos, retain, brokerId, brokerCounter, messageId } = message;
  return {
    ...{ cmd: 'publish', topic, payload, qos, retain, brokerId, brokerCounter },
    dup: messageId !== undefined,
    messageId,
  };
}

/** The next identifier that no message on its way has (MQTT 3.1.1 §2.3.1); a queue is far shorter than their number. */
export function freeIdentifier(wanted: number, used: Pick<ReadonlySet<number>, 'has'>): number {
  let identifier = wanted;
  for (let tries = 0; used.has(identifier) && tries < 65_535; tries += 1) {
    identifier = identifier >= 65_535 ? 1 : identifier + 1;
  }
  return identifier;
}
