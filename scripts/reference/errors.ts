import { ERRORS } from '../../packages/protocol/src/errors.ts';
import { code, heading, table } from './markdown.ts';

/** The page docs/reference/errors.md. */
export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([name, { status, title, hint, retry }]) => [
    code(name),
    String(status),
    title,
    hint,
    retry ? 'yes' : 'no',
  ]);
  return `${heading('Errors', 'the table in packages/protocol/src/errors.ts')}
One table for the API, for published host names and for what an agent answers by itself. Match on the code: it is never
reused for another meaning, while the words may change. **Again** says whether the same request may succeed later.

Over HTTP an error is a problem document (RFC 9457), \`application/problem+json\`:

\`\`\`json
{
  "type": "urn:porchlight:error:device_offline",
  "title": "The device is offline",
  "status": 503,
  "detail": "The device is offline",
  "code": "device_offline",
  "hint": "It comes back by itself when it has power and internet."
}
\`\`\`

Some have further members, such as \`offlineSince\` (ms since 1970) or \`retryAfter\` (seconds, as the header of that name).
A browser that asks a published host for a page gets a page that says the same.

${table(['code', 'status', 'what it means', 'what to do', 'again'], rows)}`;
}
