/** Why a device does not answer a request with HTTP. */
export const RPC_REFUSALS = [
  'denied',
  'paused',
  'unknown',
  'unreachable',
  'too_large',
  'busy',
  'timeout',
] as const;
export type RpcRefusalCode = (typeof RPC_REFUSALS)[number];

/** Flat, as node:http's `rawHeaders`: name, value, name, value, … */
export type RpcFields = readonly string[];

/** Relay → device: the head of a request and the beginning of its body. It is message 0 of its body. */
export interface RpcRequest {
  readonly type: 'request';
  readonly id: string;
  /** The whole body is in here; otherwise `part`s follow. */
  readonly last: boolean;
  /** The relay waits for so long, in ms, for the answer's head. */
  readonly deadlineMs: number;
  readonly service: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly fields: RpcFields;
  readonly body: Uint8Array;
}

/** Device → relay: the head of an answer and the beginning of its body. It is message 0 of its body. */
export interface RpcResponse {
  readonly type: 'response';
  readonly id: string;
  readonly last: boolean;
  /** 200 to 599. */
  readonly status: number;
  readonly fields: RpcFields;
  readonly body: Uint8Array;
}

/** More of a body; both ways. */
export interface RpcPart {
  readonly type: 'part';
  readonly id: string;
  readonly last: boolean;
  /** 1, 2, 3 … */
  readonly index: number;
  readonly body: Uint8Array;
}

/** So many messages of a body, message 0 included, were taken; both ways. */
export interface RpcAck {
  readonly type: 'ack';
  readonly id: string;
  readonly taken: number;
}

/** Relay → device: nobody waits for the answer any more. */
export interface RpcCancel {
  readonly type: 'cancel';
  readonly id: string;
}

/** Device → relay, in place of an answer. */
export interface RpcRefuse {
  readonly type: 'refuse';
  readonly id: string;
  readonly code: RpcRefusalCode;
  /** For the relay's log; visitors do not see it. */
  readonly reason: string;
}

export type RpcToDevice = RpcRequest | RpcPart | RpcAck | RpcCancel;
export type RpcFromDevice = RpcResponse | RpcPart | RpcAck | RpcRefuse;
export type RpcMessage = RpcToDevice | RpcFromDevice;
