import { FAILURE_HEADER, type PorchlightError } from '@porchlight/protocol';
import { errorOfResponse } from '../errors/index.ts';

/**
 * What Porchlight itself answered in place of the service; undefined: the service did. The header tells: the relay
 * takes it off whatever a service says.
 */
export async function porchlightFailure(
  response: Response,
  tokenSent: boolean,
): Promise<PorchlightError | undefined> {
  return response.headers.has(FAILURE_HEADER) ? await errorOfResponse(response, tokenSent) : undefined;
}
