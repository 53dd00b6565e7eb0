export type { Broker } from './broker.ts';
export { createMqttLink, examineBroker, tryBroker } from './load.ts';
export type { MqttLink } from './mqtt-link.ts';
export {
  type BrokerFiles,
  leaveMqtt,
  linkViaMqtt,
  parseBrokerUrl,
  readBroker,
  readKeptBroker,
  wishedBroker,
} from './set-up.ts';
