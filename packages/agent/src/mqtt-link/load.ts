import type { MqttLink, MqttLinkParts } from './mqtt-link.ts';

/** Makes the link; the MQTT client, a megabyte of memory and more, is loaded by those alone that use it. */
export async function createMqttLink(parts: MqttLinkParts): Promise<MqttLink> {
  const module = await import('./mqtt-link.ts');
  return new module.MqttLink(parts);
}
