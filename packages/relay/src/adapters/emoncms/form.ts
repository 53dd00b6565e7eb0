import type { IncomingMessage } from 'node:http';
import { PorchlightError } from '@porchlight/protocol';
import type { Clock } from '../../clock.ts';

/** A form has a name, a password and a few numbers. */
const BODY_MAX = 16 * 1024;
const BODY_MS = 10_000;

/** The body of a request that is a form. @throws PorchlightError `too_large`, `bad_request` (not a form, or not whole) */
export function readForm(request: IncomingMessage, clock: Clock): Promise<URLSearchParams> {
  const type = request.headers['content-type'] ?? 'application/x-www-form-urlencoded';
  if (!type.toLowerCase().startsWith('application/x-www-form-urlencoded')) {
    throw new PorchlightError('bad_request', 'Send a form: application/x-www-form-urlencoded');
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (outcome: string | PorchlightError): void => {
      cancel();
      request.off('data', take);
      if (typeof outcome === 'string') return resolve(new URLSearchParams(outcome));
      request.resume();
      reject(outcome);
    };
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > BODY_MAX) end(new PorchlightError('too_large'));
    };
    const cancel = clock.after(BODY_MS, () =>
      end(new PorchlightError('bad_request', 'The body did not come in time')),
    );
    request.on('data', take);
    request.once('end', () => end(Buffer.concat(chunks).toString('utf8')));
    request.once('close', () => end(new PorchlightError('bad_request', 'The body did not come whole')));
  });
}
