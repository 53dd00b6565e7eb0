import { AgentConfigFile, prepareDataFolder } from '@porchlight/agent';
import type { Command } from 'commander';
import { CommandError } from '../command-error.ts';
import { twinned } from '../environment-twins.ts';
import { EXIT } from '../exit-code.ts';
import { print, printJson, table } from '../terminal/index.ts';
import { dataFolderOf, type ListingFlags, listingSubcommand } from './data-folder.ts';
import { installEmoncms } from './emoncms-preset.ts';
import { askAgentIfAny } from './running-agent.ts';

interface ExposeFlags extends ListingFlags {
  readonly insecureSkipVerify?: boolean;
  /** True: where the target is. */
  readonly lan?: string | true;
  readonly preset?: 'emoncms';
  readonly readKeyFile?: string;
  readonly writeKeyFile?: string;
}

/** `porchlight agent expose NAME TARGET`; without both it lists what is exposed. */
export function exposeCommand(): Command {
  const kept = 'later the one that is kept on the device holds';
  const without = 'without it nothing can be changed from afar';
  const skip = 'believe any certificate of an https target';
  return listingSubcommand(
    'expose',
    'Let people reach one thing on this device, or list what they may reach.',
  )
    .argument('[name]', 'name of the service: becomes part of its address')
    .argument('[target]', 'http://HOST:PORT, https://HOST:PORT or tcp://HOST:PORT')
    .addOption(twinned('--insecure-skip-verify', skip, 'PORCHLIGHT_INSECURE_SKIP_VERIFY'))
    .addOption(
      twinned('--preset <name>', 'rules for a known program: emoncms', 'PORCHLIGHT_PRESET').choices([
        'emoncms',
      ]),
    )
    .addOption(
      twinned('--read-key-file <file>', `with the read key of emoncms; ${kept}`, 'PORCHLIGHT_READ_KEY_FILE'),
    )
    .addOption(
      twinned('--write-key-file <file>', `with its write key; ${without}`, 'PORCHLIGHT_WRITE_KEY_FILE'),
    )
    .addOption(
      twinned(
        '--lan [url]',
        'programs on the LAN may use it directly, past the policy; the URL only where it is not at the port of its target',
        'PORCHLIGHT_LAN',
      ),
    )
    .action(expose);
}

async function expose(
  name: string | undefined,
  target: string | undefined,
  options: ExposeFlags,
): Promise<void> {
  const dataFolder = dataFolderOf(options);
  const file = new AgentConfigFile(dataFolder);
  let live = false;
  if (name !== undefined) {
    if (target === undefined) {
      throw new CommandError('no target was given', {
        hint: `write porchlight agent expose ${name} http://HOST:PORT`,
        exitCode: EXIT.usage,
      });
    }
    await prepareDataFolder(dataFolder);
    // The rules first, and in force: the service must not be open for a moment without them.
    if (options.preset === 'emoncms') {
      await installEmoncms(dataFolder, name, options);
      await askAgentIfAny(dataFolder, 'reload');
    }
    const lan = options.lan === true ? 'auto' : options.lan;
    await file.expose(name, {
      target,
      insecureSkipVerify: options.insecureSkipVerify === true,
      ...(lan === undefined ? {} : { lan }),
    });
    live = (await askAgentIfAny(dataFolder, 'reload')) !== undefined;
  }
  const rows = [...(await file.read()).services].map(([service, { target: where }]) => ({
    name: service,
    kind: where.kind,
    target: where.text,
  }));
  if (options.json === true) {
    printJson(name === undefined ? rows : { live, services: rows });
    return;
  }
  if (rows.length === 0)
    print('Nothing is exposed. Begin with: porchlight agent expose web http://127.0.0.1:80');
  else print(table([['SERVICE', 'KIND', 'TARGET'], ...rows.map((row) => [row.name, row.kind, row.target])]));
  if (name !== undefined)
    print(live ? 'The running agent offers it now.' : 'It is offered when the agent runs.');
}
