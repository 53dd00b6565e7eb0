export { type GateFault, PacketGate } from './packet-gate.ts';
export {
  literalPart,
  matches,
  mayPublish,
  mayReceive,
  maySubscribe,
  TOPIC_BYTES_MAX,
  TOPIC_LEVELS_MAX,
} from './topics.ts';
