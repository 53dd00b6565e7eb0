import { Command } from 'commander';
import { addPathCommand } from './add-path-command.ts';
import { listPathsCommand } from './list-paths-command.ts';
import { removePathCommand } from './remove-path-command.ts';

/** `porchlight relay path …`: services under a path. */
export function pathCommand(): Command {
  const path = new Command('path').description(
    'Services under a path, such as https://paths.DOMAIN/zumi01/; a relay that runs follows within half a minute.',
  );
  for (const create of [addPathCommand, listPathsCommand, removePathCommand]) path.addCommand(create());
  return path;
}
