import type { IncomingMessage } from 'node:http';
import { PorchlightError } from '@porchlight/protocol';
import type { Clock } from './clock.ts';

/** Forms of people and old clients are short. */
const FORM_MAX_BYTES = 16 * 1024;
/** A body of that size comes within this, or its sender is not in earnest. */
const FORM_MS = 10_000;

/**
 * The value of a request's JSON body, whatever type it names: some programs name none.
 * @throws PorchlightError `too_large`, `bad_request` (no JSON; late; cut off)
 */
export async function readJson(request: IncomingMessage, clock: Clock, maxBytes: number): Promise<unknown> {
  const text = await readText(request, clock, maxBytes);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PorchlightError('bad_request', 'The body is no JSON', { cause });
  }
}

/**
 * The fields of a request's form body (`application/x-www-form-urlencoded`); a request that names no type is read as
 * one. @throws PorchlightError `too_large`, `bad_request` (another type; late; cut off)
 */
export async function readForm(
  request: IncomingMessage,
  clock: Clock,
  maxBytes = FORM_MAX_BYTES,
): Promise<URLSearchParams> {
  const type = request.headers['content-type'] ?? 'application/x-www-form-urlencoded';
  if (!type.toLowerCase().startsWith('application/x-www-form-urlencoded')) {
    throw new PorchlightError('bad_request', 'Send a form: application/x-www-form-urlencoded');
  }
  return new URLSearchParams(await readText(request, clock, maxBytes));
}

function readText(request: IncomingMessage, clock: Clock, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (outcome: string | PorchlightError): void => {
      cancel();
      request.off('data', take);
      if (typeof outcome === 'string') return resolve(outcome);
      request.resume();
      reject(outcome);
    };
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxBytes) end(new PorchlightError('too_large'));
    };
    const cancel = clock.after(FORM_MS, () =>
      end(new PorchlightError('bad_request', 'The body did not come in time')),
    );
    request.on('data', take);
    request.once('end', () => end(Buffer.concat(chunks).toString('utf8')));
    request.once('close', () => end(new PorchlightError('bad_request', 'The body did not come whole')));
  });
}
