import { Command } from 'commander';
import { print, printJson, span, table } from '../../terminal/index.ts';
import { publicKeyFrom } from '../public-key-file.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay user key …`: the SSH keys with which somebody is an operator. */
export function userKeyCommand(): Command {
  const key = new Command('key').description('SSH keys, with which people come in as operators.');
  for (const create of [addKeyCommand, listKeysCommand, removeKeyCommand]) key.addCommand(create());
  return key;
}

function addKeyCommand(): Command {
  return recordsSubcommand('add', 'Add an SSH key to an account.')
    .argument('<user>')
    .requiredOption('--public-key <file>', 'its .pub file; - for standard input')
    .option('--name <name>', "what to call it; else the key's comment")
    .action(async (user: string, flags: { publicKey: string; name?: string }, command: Command) => {
      const publicKey = await publicKeyFrom(flags.publicKey);
      const wish = { publicKey, ...(flags.name === undefined ? {} : { name: flags.name }) };
      const added = await withRecords(command, ({ sshKeys }) => sshKeys.add(user, wish));
      print(`${user} may come in with the key ${added.name} (${added.fingerprint})`);
    });
}

function listKeysCommand(): Command {
  return recordsSubcommand('list', 'List the SSH keys of an account.')
    .argument('<user>')
    .option('--json', 'answer in JSON, for machines')
    .action(async (user: string, { json }: { json?: true }, command: Command) => {
      const all = await withRecords(command, ({ sshKeys }) => sshKeys.list(user));
      if (json === true) return printJson(all);
      const used = (at: number | undefined): string =>
        at === undefined ? 'never' : `${span(Math.max(0, Date.now() - at))} ago`;
      const rows = all.map(({ id, name, fingerprint, lastUsedAt }) => [
        ...[id, name, used(lastUsedAt), fingerprint],
      ]);
      print(table([['ID', 'NAME', 'LAST USED', 'KEY'], ...rows]));
    });
}

function removeKeyCommand(): Command {
  return recordsSubcommand(
    'remove',
    'Remove an SSH key; a running relay ends its connections within a minute.',
  )
    .argument('<user>')
    .argument('<id>', 'as "list" shows it')
    .action(async (user: string, id: string, _flags: unknown, command: Command) => {
      await withRecords(command, ({ sshKeys }) => sshKeys.remove(user, id));
      print(`removed the key ${id} of ${user}`);
    });
}
