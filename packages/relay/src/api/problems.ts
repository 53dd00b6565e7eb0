import { PorchlightError, problemOf } from '@porchlight/protocol';
import type { FastifyReply } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { bearerChallenge, bearerToken } from '../access/index.ts';

/** Faults of a request that are told one by one. */
const ISSUES_MAX = 10;
const TEXT_MAX = 300;

/** Any error that ended a request, as one of the error table. What is not the caller's fault becomes `internal`. */
export function toPorchlightError(error: unknown): PorchlightError {
  if (error instanceof PorchlightError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issues = error.validation.slice(0, ISSUES_MAX).map(({ instancePath, message }) => ({
      path: instancePath.slice(0, TEXT_MAX),
      message: (message ?? 'not valid').slice(0, TEXT_MAX),
    }));
    const where = { body: 'body', params: 'path', querystring: 'query', headers: 'headers' };
    const part = where[(error.validationContext ?? 'body') as keyof typeof where];
    const text = issues
      .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
      .join('; ');
    return new PorchlightError('bad_request', `In the ${part}: ${text}`, {
      cause: error,
      detail: { issues },
    });
  }
  const status = statusOf(error);
  const message = error instanceof Error ? error.message.slice(0, TEXT_MAX) : undefined;
  if (status === 413) return new PorchlightError('too_large', 'A body has 64 KB at most', { cause: error });
  if (status === 415)
    return new PorchlightError('bad_request', 'Send the body as application/json', { cause: error });
  if (status === 404) return new PorchlightError('not_found', undefined, { cause: error });
  if (status !== undefined && status >= 400 && status < 500) {
    return new PorchlightError('bad_request', message, { cause: error });
  }
  return new PorchlightError('internal', undefined, { cause: error });
}

/** Answers with the error's problem document (RFC 9457). */
export function sendProblem(reply: FastifyReply, error: PorchlightError): FastifyReply {
  const { retryAfter } = error.detail;
  if (typeof retryAfter === 'number') reply.header('retry-after', String(retryAfter));
  else if (error.retry) reply.header('retry-after', '5');
  // RFC 9110 §11.6.1 asks for a challenge; `Basic` would open the browser's own box.
  const challenge = bearerChallenge(error, bearerToken(reply.request.headers.authorization) !== undefined);
  if (challenge !== undefined) reply.header('www-authenticate', challenge);
  const body = problemOf(error);
  if (error.code === 'internal') body['requestId'] = reply.request.id;
  // As bytes, to which Fastify adds no charset parameter: this media type has none.
  const bytes = Buffer.from(JSON.stringify(body));
  return reply.code(error.status).header('content-type', 'application/problem+json').send(bytes);
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}
