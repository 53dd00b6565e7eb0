import type { Command } from 'commander';
import { print, printJson } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay path add DEVICE/SERVICE PREFIX` */
export function addPathCommand(): Command {
  return recordsSubcommand('add', 'Publish an http service under a path.')
    .argument('<device/service>')
    .argument('<prefix>', 'such as /zumi01')
    .option('--strip', 'give the device the path without the prefix')
    .option('--json', 'answer in JSON, for machines')
    .action(
      async (
        target: string,
        prefix: string,
        { strip, json }: { strip?: true; json?: true },
        command: Command,
      ) => {
        const made = await withRecords(command, ({ paths }) => paths.add(target, prefix, strip === true));
        if (json === true) return printJson(made);
        print(`published ${made.device}/${made.service} under ${made.prefix}/`);
      },
    );
}
