export { MqttLink, type MqttLinkParts } from './mqtt-link.ts';
export { linkViaMqtt, type ViaMqtt } from './set-up.ts';
