export {
  parseAnnouncement,
  RPC_DEFAULT_HEADERS,
  type RpcAnnouncement,
  rpcAnnouncement,
} from './announcement.ts';
export { type Decoded, decodeFromDevice, decodeToDevice } from './decode.ts';
export { encodeRpc, rpcHeadLength } from './encode.ts';
export {
  RPC_ANNOUNCEMENT_MAX,
  RPC_FIELDS_MAX,
  RPC_HEAD_MAX,
  RPC_ID_MAX,
  RPC_PART_MAX,
  RPC_SINGLE_MAX,
  RPC_TARGET_MAX,
  RPC_VERSION,
  RPC_WINDOW,
} from './limits.ts';
export {
  RPC_REFUSALS,
  type RpcAck,
  type RpcCancel,
  type RpcFields,
  type RpcFromDevice,
  type RpcMessage,
  type RpcPart,
  type RpcRefusalCode,
  type RpcRefuse,
  type RpcRequest,
  type RpcResponse,
  type RpcToDevice,
} from './message.ts';
export { parseRpcTopic, type RpcTopics, rpcTopics } from './topics.ts';
