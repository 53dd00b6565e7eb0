import { PorchlightError } from '@porchlight/protocol';
import { CommandError } from '../../command-error.ts';

/** The same, with words of its own for what is not there. @throws CommandError */
export async function orMissing<T>(work: Promise<T>, message: string, hint: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    // An id that is none is refused before it is looked for.
    const missing =
      error instanceof PorchlightError && (error.code === 'not_found' || error.code === 'bad_request');
    throw missing ? new CommandError(message, { hint, cause: error }) : error;
  }
}
