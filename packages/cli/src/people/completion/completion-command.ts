import { Argument, Command } from 'commander';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { completionModel } from './model.ts';
import { zshScript } from './zsh.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/**
 * `porchlight completion SHELL`
 * @param allCommands makes the whole program, of which only a part may be there when this command runs
 */
export function completionCommand(allCommands: () => Promise<Command>): Command {
  return new Command('completion')
    .description('Print a script that completes commands, options and the names of your devices with Tab.')
    .addArgument(new Argument('<shell>', 'whose script').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      `
In bash:  source <(porchlight completion bash)
In zsh:   source <(porchlight completion zsh)
In fish:  porchlight completion fish | source
Put the line into ~/.bashrc, ~/.zshrc (after compinit) or ~/.config/fish/config.fish.`,
    )
    .action(async (shell: keyof typeof SCRIPTS) => {
      process.stdout.write(SCRIPTS[shell](completionModel(await allCommands())));
    });
}
