import { type Command, InvalidArgumentError } from 'commander';
import { print, printJson } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

interface Flags {
  readonly note?: string;
  readonly tag?: string[];
  readonly hours: number;
  readonly uses: number;
  readonly json?: true;
}

/** `porchlight relay token add ACCOUNT`: the token alone goes to standard output, for `TOKEN=$(…)`. */
export function addTokenCommand(): Command {
  return recordsSubcommand('add', 'Make an enrolment token; it is shown here and never again.')
    .argument('<account>', 'whose devices they will be')
    .option('--note <text>', 'what it is for')
    .option('--tag <tag>', 'tag for the devices; may be given several times', collect)
    .option('--hours <number>', 'how long it is good', wholeNumber, 24)
    .option('--uses <number>', 'how many devices it lets in', wholeNumber, 1)
    .option('--json', 'answer in JSON, for machines')
    .action(async (account: string, flags: Flags, command: Command) => {
      const { note, tag, hours, uses } = flags;
      const made = await withRecords(command, ({ enrolmentTokens }) =>
        enrolmentTokens.make(account, {
          ...(note === undefined ? {} : { note }),
          ...(tag === undefined ? {} : { tags: tag }),
          hours,
          uses,
        }),
      );
      if (flags.json === true) return printJson(made);
      print(made.token);
      const until = new Date(made.expiresAt).toISOString();
      process.stderr.write(`good for ${uses} ${uses === 1 ? 'device' : 'devices'} until ${until}\n`);
    });
}

function wholeNumber(text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number.');
}

function collect(one: string, before: string[] | undefined): string[] {
  return [...(before ?? []), one];
}
