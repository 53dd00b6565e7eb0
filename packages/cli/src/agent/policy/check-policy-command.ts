import type { Command } from 'commander';
import { EXIT } from '../../exit-code.ts';
import { print, printJson, styled } from '../../terminal/index.ts';
import { type ListingFlags, listingSubcommand } from '../data-folder.ts';
import { problemsInWords, readPolicy, warningsInWords } from './read-policy.ts';

/** `porchlight agent policy check [FILE]`: exit code 0 when it can be used, 1 otherwise. */
export function checkPolicyCommand(): Command {
  return listingSubcommand('check', 'Find the mistakes in a policy file.')
    .argument('[file]', 'by default the one that is in force')
    .action(async (file: string | undefined, options: ListingFlags) => {
      const found = await readPolicy(options, file);
      const ok = found.policy !== undefined;
      process.exitCode = ok ? EXIT.done : EXIT.failed;
      if (options.json === true) {
        const { path, problems, warnings } = found;
        return printJson({ ok, path, problems, warnings });
      }
      for (const line of [...problemsInWords(found), ...warningsInWords(found)]) print(line);
      if (ok) print(`${styled.good('ok')}: ${found.path} can be used`);
    });
}
