import { PorchlightError } from '@porchlight/protocol';
import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';

/** What a person's browser is told when a request of an app is so wrong that it must not be sent back there. */
export type PageOf = (error: PorchlightError) => string;

/** Answers with a page or with the RFC's JSON, whichever the caller reads; `page` is how errors look elsewhere. */
export function createErrorRenderer(page: PageOf) {
  return (ctx: KoaContextWithOIDC, out: ErrorOut): void => {
    if (ctx.accepts('json', 'html') !== 'html') {
      ctx.body = out;
      return;
    }
    const why = out.error_description ?? out.error;
    const error =
      out.error === 'server_error'
        ? new PorchlightError('internal')
        : new PorchlightError('bad_request', `The app asked for something that cannot be done: ${why}`);
    ctx.set(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    );
    ctx.type = 'html';
    ctx.body = page(error);
  };
}
