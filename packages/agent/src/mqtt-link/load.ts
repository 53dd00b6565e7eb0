import type { Broker } from './broker.ts';
import type { BrokerStep } from './examine.ts';
import type { MqttLink, MqttLinkParts } from './mqtt-link.ts';
import type { StreamOptions } from './stream.ts';

// The MQTT client, three megabytes of memory, is loaded by those alone that use it.

export async function createMqttLink(parts: MqttLinkParts): Promise<MqttLink> {
  const module = await import('./mqtt-link.ts');
  return new module.MqttLink(parts);
}

/** What lies between this device and its broker, step by step; the last is a message through the relay and back. */
export async function examineBroker(
  broker: Broker,
  options: StreamOptions,
): Promise<{ readonly steps: readonly BrokerStep[]; close(): void }> {
  const module = await import('./examine.ts');
  return module.brokerSteps(broker, options);
}

/** Signs in, sends a message through the relay to itself, and leaves again. @throws ConfigError: what is wrong, and the mend */
export async function tryBroker(broker: Broker, options: StreamOptions): Promise<void> {
  const { steps, close } = await examineBroker(broker, options);
  try {
    for (const step of steps) await step.run();
  } finally {
    close();
  }
}
