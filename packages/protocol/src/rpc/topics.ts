import { isDeviceName } from '../names.ts';

/** Topics of one device. */
export interface RpcTopics {
  /** The device publishes what it has, after each connect. */
  readonly services: string;
  /** The relay sends here. */
  readonly request: string;
  /** The device publishes here. */
  readonly response: string;
}

export function rpcTopics(device: string): RpcTopics {
  const base = `device/${device}/rpc`;
  return { services: `${base}/services`, request: `${base}/request`, response: `${base}/response` };
}

/** Splits a topic on which a device publishes; undefined: it is not about this. */
export function parseRpcTopic(topic: string): { device: string; kind: 'services' | 'response' } | undefined {
  const [, device, kind] = /^device\/([^/]+)\/rpc\/(services|response)$/.exec(topic) ?? [];
  if (device === undefined || !isDeviceName(device)) return undefined;
  return { device, kind: kind === 'services' ? 'services' : 'response' };
}
