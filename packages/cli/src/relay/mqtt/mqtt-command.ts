import { Command } from 'commander';
import { addMqttCommand } from './add-mqtt-command.ts';
import { listMqttCommand } from './list-mqtt-command.ts';
import { revokeMqttCommand } from './revoke-mqtt-command.ts';

/** `porchlight relay mqtt …`: what devices sign in to the MQTT broker with. */
export function mqttCommand(): Command {
  const mqtt = new Command('mqtt').description(
    'MQTT credentials, with which devices sign in to the broker; the relay may go on running.',
  );
  for (const create of [addMqttCommand, listMqttCommand, revokeMqttCommand]) mqtt.addCommand(create());
  return mqtt;
}
