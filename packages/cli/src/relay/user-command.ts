import { openAccounts } from '@porchlight/relay';
import { Command } from 'commander';
import { CommandError, print, printJson, readStandardInput, table } from '../output.ts';
import { addRelayOptions, configOf } from './relay-command.ts';

/** `porchlight relay user …`: works on the data folder, beside a running relay too. */
export function userCommand(): Command {
  const user = new Command('user').description('Accounts of this relay, on its data folder.');
  user.addCommand(
    addRelayOptions(new Command('add').description('Make an account.'))
      .argument('<name>')
      .option('--admin', 'may manage accounts')
      .option('--password-stdin', 'read the password from standard input')
      .action(async (name: string, { admin, passwordStdin, ...options }: Record<string, unknown>) => {
        const password = await passwordFrom(passwordStdin);
        await withAccounts(options, (accounts) =>
          accounts.create({ name, password, role: admin === true ? 'admin' : 'member' }),
        );
        print(`made account ${name}`);
      }),
  );
  user.addCommand(
    addRelayOptions(
      new Command('password').description('Set a new password and end the sessions of an account.'),
    )
      .argument('<name>')
      .option('--password-stdin', 'read the password from standard input')
      .action(async (name: string, { passwordStdin, ...options }: Record<string, unknown>) => {
        const password = await passwordFrom(passwordStdin);
        await withAccounts(options, (accounts) => accounts.setPassword(name, password));
        print(`set a new password for ${name}`);
      }),
  );
  user.addCommand(
    addRelayOptions(new Command('list').description('List the accounts.'))
      .option('--json', 'for machines')
      .action(async ({ json, ...options }: Record<string, unknown>) => {
        const accounts = await withAccounts(options, (all) => all.list());
        if (json === true) printJson(accounts);
        else print(table([['NAME', 'ROLE'], ...accounts.map(({ name, role }) => [name, role])]));
      }),
  );
  return user;
}

async function passwordFrom(stdin: unknown): Promise<string> {
  if (stdin !== true) {
    throw new CommandError('no password was given', {
      hint: 'pipe it in: porchlight relay user add NAME --password-stdin < FILE',
      exitCode: 2,
    });
  }
  return readStandardInput();
}

async function withAccounts<T>(
  options: Record<string, unknown>,
  use: (accounts: Awaited<ReturnType<typeof openAccounts>>) => Promise<T>,
): Promise<T> {
  const accounts = await openAccounts(configOf(options).config);
  try {
    return await use(accounts);
  } finally {
    await accounts.close();
  }
}
