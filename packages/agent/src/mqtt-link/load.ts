import type { Broker } from './connect.ts';
import type { MqttLink, MqttLinkParts } from './mqtt-link.ts';

// The MQTT client, three megabytes of memory, is loaded by those alone that use it.

export async function createMqttLink(parts: MqttLinkParts): Promise<MqttLink> {
  const module = await import('./mqtt-link.ts');
  return new module.MqttLink(parts);
}

/** Signs in and leaves again. @throws the reason why that does not work */
export async function tryBroker(broker: Broker): Promise<void> {
  const module = await import('./connect.ts');
  await module.signInOnce(broker);
}
