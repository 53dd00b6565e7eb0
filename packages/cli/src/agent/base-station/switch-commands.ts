import {
  AgentConfigFile,
  type BaseStationSettingsText,
  ConfigError,
  parseListen,
  prepareDataFolder,
} from '@porchlight/agent';
import { type Command, InvalidArgumentError } from 'commander';
import { twinned } from '../../environment-twins.ts';
import { print, printJson } from '../../terminal/index.ts';
import { dataFolderOf, type ListingFlags, listingSubcommand } from '../data-folder.ts';
import { askAgentIfAny } from '../running-agent.ts';

interface OnFlags extends ListingFlags {
  readonly http?: string;
  readonly mqtt?: string;
  readonly mqtts?: string;
  readonly hostName?: string;
  readonly baseTopic?: string;
  readonly emonesp?: boolean;
  readonly remoteAllow?: boolean;
}

/** `porchlight agent base-station on` */
export function onCommand(): Command {
  return listingSubcommand('on', 'Switch it on, or change how it is; what is not said stays.')
    .addOption(
      twinned(
        '--http <place>',
        'where devices ask: HOST:PORT, or off',
        'PORCHLIGHT_BASE_STATION_HTTP',
      ).argParser(placeOf),
    )
    .addOption(
      twinned('--mqtt <place>', 'its broker: HOST:PORT, or off', 'PORCHLIGHT_BASE_STATION_MQTT').argParser(
        placeOf,
      ),
    )
    .addOption(
      twinned('--mqtts <place>', 'the same with TLS', 'PORCHLIGHT_BASE_STATION_MQTTS').argParser(placeOf),
    )
    .addOption(
      twinned(
        '--host-name <name>',
        'its name on the LAN, without .local; porchlight by default',
        'PORCHLIGHT_BASE_STATION_HOST_NAME',
      ),
    )
    .addOption(
      twinned(
        '--base-topic <topic>',
        'first level of all topics; emon by default',
        'PORCHLIGHT_BASE_STATION_TOPIC',
      ),
    )
    .option('--emonesp', 'let devices with the firmware EmonESP in too, whose way travels unencrypted')
    .option('--no-emonesp', 'do not')
    .option('--remote-allow', "let the device's owner answer requests at the relay")
    .option('--no-remote-allow', 'do not: only somebody at this device answers')
    .action(async (options: OnFlags) => {
      const { http, mqtt, mqtts, hostName, baseTopic, emonesp, remoteAllow } = options;
      const wished = { http, mqtt, mqtts, hostName, baseTopic, emonesp, remoteAllow };
      const said = Object.entries(wished).filter(([, value]) => value !== undefined);
      await set(options, Object.fromEntries(said));
    });
}

/** `porchlight agent base-station off` */
export function offCommand(): Command {
  return listingSubcommand('off', 'Switch it off. The devices that were let in are kept.').action(
    (options: ListingFlags) => set(options, undefined),
  );
}

async function set(options: ListingFlags, settings: BaseStationSettingsText | undefined): Promise<void> {
  const dataFolder = dataFolderOf(options);
  await prepareDataFolder(dataFolder);
  await new AgentConfigFile(dataFolder).setBaseStation(settings);
  const live = await isLive(dataFolder);
  const on = settings !== undefined;
  if (options.json === true) return printJson({ baseStation: on ? 'on' : 'off', live });
  const what = on ? 'This device is a base station' : 'This device is no base station';
  print(live ? `${what} now.` : `${what} when the agent runs.`);
  if (on) print('Who asks to be let in: porchlight agent base-station requests');
}

/** A device without a relay answers nothing else, and looks at its configuration every two seconds. */
async function isLive(dataFolder: string): Promise<boolean> {
  try {
    return (await askAgentIfAny(dataFolder, 'reload')) !== undefined;
  } catch (error) {
    if (error instanceof ConfigError) return true;
    throw error;
  }
}

function placeOf(text: string): string {
  try {
    parseListen(text);
    return text;
  } catch (error) {
    if (error instanceof ConfigError) throw new InvalidArgumentError('give HOST:PORT, or off.');
    throw error;
  }
}
