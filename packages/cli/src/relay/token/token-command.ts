import { Command } from 'commander';
import { addTokenCommand } from './add-token-command.ts';
import { listTokensCommand } from './list-tokens-command.ts';
import { revokeTokenCommand } from './revoke-token-command.ts';

/** `porchlight relay token …`: enrolment tokens, which let devices in without a person. */
export function tokenCommand(): Command {
  const token = new Command('token').description(
    'Enrolment tokens, which let devices in without a person; the relay may go on running.',
  );
  for (const create of [addTokenCommand, listTokensCommand, revokeTokenCommand]) token.addCommand(create());
  return token;
}
