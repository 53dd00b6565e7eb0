import { type Finding, runDoctor } from '@porchlight/agent';
import type { Command } from 'commander';
import { EXIT } from '../exit-code.ts';
import { print, printJson, styled } from '../terminal/index.ts';
import { dataFolderOf, type ListingFlags, listingSubcommand } from './data-folder.ts';

const SIGNS: Readonly<Record<Finding['result'], string>> = {
  ok: styled.good('ok  '),
  warning: styled.warning('warn'),
  failed: styled.bad('FAIL'),
};

/** `porchlight agent doctor`: exit code 0 when nothing failed, 1 otherwise. */
export function doctorCommand(): Command {
  return listingSubcommand('doctor', 'Find out why the device cannot be reached.').action(
    async (options: ListingFlags) => {
      const findings: Finding[] = [];
      for await (const finding of runDoctor({
        dataFolder: dataFolderOf(options),
        environment: process.env,
      })) {
        findings.push(finding);
        if (options.json !== true) show(finding);
      }
      if (options.json === true) printJson(findings);
      process.exitCode = findings.some(({ result }) => result === 'failed') ? EXIT.failed : EXIT.done;
    },
  );
}

function show({ result, what, detail, hint }: Finding): void {
  print(`${SIGNS[result]}  ${what}: ${detail}`);
  if (hint !== undefined) print(`      hint: ${hint}`);
}
