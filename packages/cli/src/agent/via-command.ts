import { AgentConfigFile, linkViaMqtt } from '@porchlight/agent';
import { Command } from 'commander';
import { CommandError } from '../command-error.ts';
import { twinned } from '../environment-twins.ts';
import { EXIT } from '../exit-code.ts';
import { print } from '../terminal/index.ts';
import { type AgentFlags, agentSubcommand, dataFolderOf } from './data-folder.ts';

interface MqttFlags extends AgentFlags {
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
    .action(async (url: string, { user, passwordFile, ca, ...flags }: MqttFlags) => {
      if (user === undefined || passwordFile === undefined) {
        throw new CommandError('user and password are needed', {
          hint: 'make MQTT credentials on the page of the device at the relay, and give --user and --password-file',
          exitCode: EXIT.usage,
        });
      }
      await linkViaMqtt({ dataFolder: dataFolderOf(flags), url, user, passwordFile, caFile: ca });
      print('The agent links by MQTT when it starts next.');
    });
}

function sshCommand(): Command {
  return agentSubcommand('ssh', 'By SSH again, over its own port, the HTTPS port or a WebSocket.').action(
    async (flags: AgentFlags) => {
      await new AgentConfigFile(dataFolderOf(flags)).setMqtt(undefined);
      print('The agent links by SSH when it starts next.');
    },
  );
}
