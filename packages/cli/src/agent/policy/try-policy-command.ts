import type { InspectedPolicy } from '@porchlight/agent';
import { type Command, Option } from 'commander';
import { CommandError } from '../../command-error.ts';
import { twinned } from '../../environment-twins.ts';
import { EXIT } from '../../exit-code.ts';
import { print, printJson, styled } from '../../terminal/index.ts';
import { type ListingFlags, listingSubcommand } from '../data-folder.ts';
import { problemsInWords, readPolicy } from './read-policy.ts';

interface Flags extends ListingFlags {
  readonly service: string;
  readonly person?: string;
  readonly role?: string;
  readonly policy?: string;
}

type Decision = ReturnType<NonNullable<InspectedPolicy['policy']>['decide']>;

/** `porchlight agent policy test METHOD PATH`: exit code 0 when it would pass, 1 when it would be denied. */
export function tryPolicyCommand(): Command {
  return listingSubcommand('test', 'Say what the policy would do with a request, and which line decides.')
    .argument('<method>', 'e.g. GET; a WebSocket begins as a GET')
    .argument('<path>', 'with its query, e.g. /feed/list.json?id=1')
    .addOption(new Option('--service <name>', 'service that is asked').makeOptionMandatory())
    .addOption(twinned('--person <name>', 'account of the visitor; by default nobody', 'PORCHLIGHT_PERSON'))
    .addOption(twinned('--role <role>', 'what the visitor is to the device, e.g. owner', 'PORCHLIGHT_ROLE'))
    .addOption(twinned('--policy <file>', 'by default the one that is in force', 'PORCHLIGHT_POLICY'))
    .action(tryPolicy);
}

async function tryPolicy(method: string, target: string, options: Flags): Promise<void> {
  if (!target.startsWith('/')) {
    throw new CommandError(`"${target}" is no path`, { hint: 'begin it with a slash', exitCode: EXIT.usage });
  }
  const { service, person, role } = options;
  const found = await readPolicy(options, options.policy);
  const decision = found.policy?.decide({ service, method: method.toUpperCase(), target, person, role });
  if (decision === undefined) {
    for (const line of problemsInWords(found)) process.stderr.write(`${line}\n`);
    throw new CommandError('the policy cannot be used, so the device lets nothing through');
  }
  process.exitCode = decision.kind === 'allow' ? EXIT.done : EXIT.failed;
  const result = resultOf(decision, target);
  if (options.json === true) printJson(result);
  else for (const line of inWords(result, found)) print(line);
}

interface Result {
  readonly decision: 'allow' | 'deny';
  /** Line of the policy that decided; absent when none did. */
  readonly line?: number;
  readonly reason?: string;
  /** What the local server would get where the policy changes it; secrets stand there as `(name)`. */
  readonly target?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

function resultOf(decision: Decision, target: string): Result {
  const line = decision.rule === undefined ? {} : { line: decision.rule };
  if (decision.kind === 'deny') return { decision: 'deny', ...line, reason: decision.reason };
  return {
    decision: 'allow',
    ...line,
    ...(decision.target === target ? {} : { target: decision.target }),
    ...(decision.addHeaders.length === 0 ? {} : { headers: decision.addHeaders }),
  };
}

function inWords(result: Result, { path, lines }: InspectedPolicy): string[] {
  const verdict =
    result.decision === 'allow' ? styled.good('allow') : `${styled.bad('deny')}: ${result.reason ?? ''}`;
  const by =
    result.line === undefined
      ? 'no line of the policy is about it'
      : `${path}:${result.line}: ${lines[result.line - 1]?.trim() ?? ''}`;
  return [
    verdict,
    `  by       ${by}`,
    ...(result.target === undefined ? [] : [`  becomes  ${result.target}`]),
    ...(result.headers ?? []).map(([name, value]) => `  header   ${name}: ${value}`),
  ];
}
