export { createMqttLink, tryBroker } from './load.ts';
export type { MqttLink } from './mqtt-link.ts';
export { linkViaMqtt, type ViaMqtt } from './set-up.ts';
