import type { Argument, Command, Option } from 'commander';
import { everyCommand } from './commands.ts';
import { EXIT_CODES_IN_WORDS } from './exit-code.ts';

const INTRODUCTION = `# The porchlight command

Made from the commands in packages/cli/src by \`npm run reference\`: change it there.

In a checkout it is \`npx porchlight …\`; on a device that has fetched the agent's one file it is
\`node porchlight.mjs agent …\`, without the relay's commands. \`--help\` after any command shows the same as this page.

An option that names an environment variable can be given by that instead; a flag goes before it, and an empty variable
counts as not set. Errors are an \`error:\` line that says what was wrong and a \`hint:\` line that says what to do, on
standard error. Colours are used on a terminal only, and not when \`NO_COLOR\` is set. \`--json\` prints one JSON value;
\`join\`, \`audit\`, \`login\`, \`forward\`, \`watch\` and \`logs\`, which tell things as they come, print one object a line.
\`--quiet\` prints names alone, or nothing when it went well.

Commands of people take \`PORCHLIGHT_TOKEN\` too: an access token that is used in place of the login.
`;

/** The page docs/reference/cli.md, from commander's own definitions. */
export async function cliReference(): Promise<string> {
  const program = await everyCommand();
  const codes = EXIT_CODES_IN_WORDS.map(([code, meaning]) => `| ${code} | ${meaning} |`);
  const exits = ['## Exit codes\n', '| code | meaning |', '|---|---|', ...codes, ''].join('\n');
  return `${[INTRODUCTION, exits, ...program.commands.flatMap((command) => sections(command, 'porchlight'))].join('\n').trimEnd()}\n`;
}

function sections(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`;
  const runs = command.commands.length === 0 || command.options.length > 0;
  const parts = [`## ${name}\n`, `${command.description()}\n`];
  if (runs) parts.push(`\`\`\`\n${[name, ...command.registeredArguments.map(usage)].join(' ')}\n\`\`\`\n`);
  const described = command.registeredArguments.filter(({ description }) => description !== '');
  const rows = [
    ...described.map((argument) => row(usage(argument), argument.description)),
    ...command.options.filter(({ hidden }) => !hidden).map(optionRow),
  ];
  if (rows.length > 0) parts.push(['| | |', '|---|---|', ...rows, ''].join('\n'));
  return [...parts, ...command.commands.flatMap((child) => sections(child, name))];
}

function usage(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function optionRow(option: Option): string {
  const { argChoices, defaultValue } = option;
  const more = [
    ...(argChoices === undefined ? [] : [argChoices.join(', ')]),
    ...(defaultValue === undefined ? [] : [`default: ${String(defaultValue)}`]),
  ];
  const suffix = more.length === 0 ? '' : ` (${more.join('; ')})`;
  return row(option.flags, `${option.description}${suffix}`);
}

function row(term: string, meaning: string): string {
  return `| \`${term}\` | ${meaning.replaceAll('|', '\\|').replaceAll('<', '&lt;')} |`;
}
