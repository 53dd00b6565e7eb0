import type { Command } from './command.ts';
import { block, devices, enrol, kick, links, unblock } from './devices.ts';
import { forward, forwards } from './forwards.ts';
import { appPasswords, mqtt } from './mqtt.ts';
import { check, paths } from './paths.ts';
import { allow, deny, requests } from './requests.ts';
import { watch } from './watch.ts';

export { type CommandCall, UsageError } from './command.ts';
export { parseWords, splitLine } from './command-line.ts';

const help: Command = {
  usage: 'help',
  summary: 'this list',
  args: [0, 1],
  run: async (call) => {
    if (call.words.json) {
      return call.printJson([...COMMANDS].map(([name, { usage, summary }]) => ({ name, usage, summary })));
    }
    call.print(helpText(call.relay));
  },
};

/** Every command that `ssh operator@relay` knows, by name. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    devices,
    requests,
    allow,
    deny,
    forward,
    forwards,
    paths,
    check,
    links,
    kick,
    block,
    unblock,
    enrol,
    mqtt,
    'app-passwords': appPasswords,
    watch,
    help,
  }),
);

export function helpText({ domain, sshPort }: { domain: string; sshPort: number | undefined }): string {
  const port = sshPort === undefined || sshPort === 22 ? '' : `:${sshPort}`;
  const flag = port === '' ? '' : ` -p ${sshPort}`;
  const width = Math.max(...[...COMMANDS.values()].map(({ usage }) => usage.length));
  return [
    `ssh${flag} operator@${domain} COMMAND   (each takes --json)`,
    '',
    ...[...COMMANDS.values()].map(({ usage, summary }) => `  ${usage.padEnd(width)}  ${summary}`),
    '',
    'Without a command, on a terminal: a live list, which q leaves.',
    'To a device itself, end to end (its own sshd, its own host key):',
    `  ssh -J operator@${domain}${port} USER@DEVICE`,
    `  ssh${flag} -L 3000:DEVICE:80 operator@${domain}      or SERVICE.DEVICE for a service by its name`,
  ].join('\n');
}
