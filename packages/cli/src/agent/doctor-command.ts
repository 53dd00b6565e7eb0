import { type Finding, runDoctor } from '@porchlight/agent';
import { Command } from 'commander';
import { print, printJson } from '../output.ts';
import { dataFolderOf, withData } from './agent-command.ts';

const SIGNS: Readonly<Record<Finding['result'], string>> = { ok: 'ok  ', warning: 'warn', failed: 'FAIL' };

/** `porchlight agent doctor`: exit code 0 when nothing failed, 1 otherwise. */
export function doctorCommand(): Command {
  return withData(new Command('doctor').description('Find out why the device cannot be reached.'))
    .option('--json', 'for machines')
    .action(async (options: { data?: string; json?: boolean }) => {
      const findings: Finding[] = [];
      for await (const finding of runDoctor({
        dataFolder: dataFolderOf(options),
        environment: process.env,
      })) {
        findings.push(finding);
        if (options.json === true) continue;
        print(`${SIGNS[finding.result]}  ${finding.what}: ${finding.detail}`);
        if (finding.hint !== undefined) print(`      hint: ${finding.hint}`);
      }
      if (options.json === true) printJson(findings);
      process.exitCode = findings.some(({ result }) => result === 'failed') ? 1 : 0;
    });
}
