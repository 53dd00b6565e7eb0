import { open } from 'node:fs/promises';
import type { Command } from 'commander';
import { CommandError } from '../../command-error.ts';
import { EXIT } from '../../exit-code.ts';
import { print, printJson, readStandardInput } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** Larger than any key; a file that is longer is something else. */
const FILE_MAX = 64 * 1024;

interface Flags {
  readonly account: string;
  readonly publicKey: string;
  readonly tag?: string[];
  readonly json?: true;
}

/** `porchlight relay device add NAME --account A --public-key FILE` */
export function addDeviceCommand(): Command {
  return recordsSubcommand('add', 'Enrol a device by its public key, before it has ever connected.')
    .argument('<name>')
    .requiredOption('--account <name>', 'whose device it will be')
    .requiredOption('--public-key <file>', 'its .pub file; - for standard input')
    .option('--tag <tag>', 'tag for the device; may be given several times', collect)
    .option('--json', 'answer in JSON, for machines')
    .action(async (name: string, flags: Flags, command: Command) => {
      const publicKey = await keyFrom(flags.publicKey);
      const device = await withRecords(command, ({ devices }) =>
        devices.enrol(flags.account, { name, publicKey, tags: flags.tag ?? [] }),
      );
      if (flags.json === true) return printJson(device);
      print(`enrolled ${device.name} (${device.fingerprint}); it is let in when it comes`);
    });
}

async function keyFrom(file: string): Promise<string> {
  if (file !== '-') return await beginningOf(file);
  if (!process.stdin.isTTY) return await readStandardInput();
  throw new CommandError('no public key was given', {
    hint: 'pipe it in: --public-key - < FILE',
    exitCode: EXIT.usage,
  });
}

async function beginningOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(FILE_MAX));
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function collect(one: string, before: string[] | undefined): string[] {
  return [...(before ?? []), one];
}
