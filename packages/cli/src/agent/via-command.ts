import { linkBySsh, linkViaMqtt, readBroker, tryBroker } from '@porchlight/agent';
import { Command } from 'commander';
import { CommandError } from '../command-error.ts';
import { twinned } from '../environment-twins.ts';
import { EXIT } from '../exit-code.ts';
import { stopSignal } from '../stop-signal.ts';
import { print } from '../terminal/index.ts';
import { type AgentFlags, agentSubcommand, dataFolderOf } from './data-folder.ts';

interface ViaFlags extends AgentFlags {
  readonly unverified?: boolean;
}

interface MqttFlags extends ViaFlags {
  readonly user?: string;
  readonly passwordFile?: string;
  readonly ca?: string;
}

/** `porchlight agent via …`: how the agent gets through to the relay. */
export function viaCommand(): Command {
  return new Command('via')
    .description('How the agent gets through to the relay.')
    .addCommand(mqttCommand())
    .addCommand(sshCommand());
}

function mqttCommand(): Command {
  return agentSubcommand(
    'mqtt',
    'By MQTT alone, where SSH and WebSockets cannot pass; web services only, and without WebSockets.',
  )
    .argument('<url>', 'mqtts://RELAY[:PORT], or wss://RELAY/mqtt')
    .addOption(twinned('--user <name>', "the device's name at the relay", 'PORCHLIGHT_MQTT_USER'))
    .addOption(
      twinned(
        '--password-file <file>',
        'with the password made on the page of the device at the relay',
        'PORCHLIGHT_MQTT_PASSWORD_FILE',
      ),
    )
    .addOption(twinned('--ca <file>', "PEM file of the relay's own certificate authority", 'PORCHLIGHT_CA'))
    .addOption(unverified())
    .action(async (url: string, { user, passwordFile, ca, ...flags }: MqttFlags) => {
      if (user === undefined || passwordFile === undefined) {
        throw new CommandError('user and password are needed', {
          hint: 'make MQTT credentials on the page of the device at the relay, and give --user and --password-file',
          exitCode: EXIT.usage,
        });
      }
      const broker = await readBroker({ url, user, passwordFile, caFile: ca });
      if (flags.unverified !== true) {
        await tryBroker(broker, { environment: process.env, signal: stopSignal() });
        print(`The relay lets ${user} in.`);
      }
      await linkViaMqtt(dataFolderOf(flags), broker);
      print('The agent links by MQTT when it starts next.');
    });
}

function sshCommand(): Command {
  return agentSubcommand('ssh', 'By SSH again, over its own port, the HTTPS port or a WebSocket.')
    .addOption(unverified())
    .action(async (flags: ViaFlags) => {
      const verify =
        flags.unverified === true ? undefined : { environment: process.env, signal: stopSignal() };
      const found = await linkBySsh(dataFolderOf(flags), verify);
      if (found !== undefined) print(`The relay answers over ${found}.`);
      print('The agent links by SSH when it starts next; the password for MQTT is forgotten.');
    });
}

function unverified() {
  return twinned('--unverified', 'keep it without asking the relay', 'PORCHLIGHT_UNVERIFIED');
}
