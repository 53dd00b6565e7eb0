import { CommandError } from '../../command-error.ts';
import { EXIT } from '../../exit-code.ts';
import { askPassword, readStandardInput } from '../../terminal/index.ts';

export const PASSWORD_OPTION = ['--password-stdin', 'read the password from standard input'] as const;

/** From standard input, or typed twice at the terminal. A password is never an argument: every user could read it. */
export async function newPassword(
  name: string,
  { passwordStdin }: { passwordStdin?: true },
): Promise<string> {
  if (passwordStdin === true) return readStandardInput();
  if (!process.stdin.isTTY) {
    throw new CommandError('no password was given', {
      hint: 'say it at a terminal, or pipe it in with --password-stdin < FILE',
      exitCode: EXIT.usage,
    });
  }
  const password = await askPassword(`Password for ${name}: `);
  const again = password === undefined ? undefined : await askPassword('The same again: ');
  if (password === undefined || again === undefined) {
    throw new CommandError('stopped', { exitCode: EXIT.stopped });
  }
  if (password === again) return password;
  throw new CommandError('the two passwords are not the same', { hint: 'try again' });
}
