import type { ListedToken } from '@porchlight/relay';
import type { Command } from 'commander';
import { print, printJson, span, table } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay token list [ACCOUNT]` */
export function listTokensCommand(): Command {
  return recordsSubcommand('list', 'List enrolment tokens, the expired and used-up ones too.')
    .argument('[account]', 'of this account only')
    .option('--json', 'answer in JSON, for machines')
    .action(async (account: string | undefined, { json }: { json?: true }, command: Command) => {
      const tokens = await withRecords(command, ({ enrolmentTokens }) => enrolmentTokens.list(account));
      if (json === true) return printJson(tokens);
      const rows = tokens.map((token) => [
        token.id,
        token.account,
        stateOf(token),
        `${token.used} of ${token.used + token.usesLeft}`,
        token.note,
      ]);
      print(table([['ID', 'ACCOUNT', 'GOOD FOR', 'USED', 'NOTE'], ...rows]));
    });
}

function stateOf({ usesLeft, expiresAt }: ListedToken): string {
  if (usesLeft === 0) return 'used up';
  const left = expiresAt - Date.now();
  return left <= 0 ? 'expired' : span(left);
}
