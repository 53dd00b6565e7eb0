/** What fields become before they are written: secrets masked, errors spelled out, everything bounded. */

const MASK = '[masked]';
/** Names that hold secrets, in any spelling; their ids, hints and times do not. */
const SECRET_NAME =
  /pass(?:word|wd|phrase)|token|secret|authorization|cookie|digest|credential|private_?key|api_?key|(?:^|_)hash$|[a-z]Hash$/i;
const HARMLESS_NAME = /(?:Id|Ids|Count|At|Expires|_id)$/;
/** User and password inside a URL, and tokens after a scheme word. */
const SECRET_IN_TEXT = /(\/\/)[^/\s@]*:[^/\s]*@|\b((?:bearer|basic)\s+)[\w.~+/=-]{8,}/gi;

const DEPTH_MAX = 5;
const ENTRIES_MAX = 50;
const TEXT_MAX = 2000;
const STACK_MAX = 4000;
const CAUSES_MAX = 3;

/** A copy of log fields that may be written. */
export function redact(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactObject(fields, 0);
}

function redactObject(object: object, depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(object).slice(0, ENTRIES_MAX)) {
    const secret = SECRET_NAME.test(name) && !HARMLESS_NAME.test(name) && value !== undefined;
    result[name] = secret ? MASK : redactValue(value, depth + 1);
  }
  return result;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return scrub(value, TEXT_MAX);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return describeError(value, 0);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (value instanceof URL) return scrub(value.href, TEXT_MAX);
  if (depth >= DEPTH_MAX) return '[deep]';
  if (Array.isArray(value)) return value.slice(0, ENTRIES_MAX).map((entry) => redactValue(entry, depth + 1));
  return redactObject(value, depth);
}

function describeError(error: Error, depth: number): Record<string, unknown> {
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause =
    error.cause instanceof Error && depth < CAUSES_MAX
      ? { cause: describeError(error.cause, depth + 1) }
      : {};
  const message = scrub(error.message, TEXT_MAX);
  const stack = error.stack === undefined ? {} : { stack: scrub(error.stack, STACK_MAX) };
  return { type: error.name, ...code, message, ...stack, ...cause };
}

function scrub(text: string, max: number): string {
  const short = text.length > max ? `${text.slice(0, max)}…` : text;
  return short.replace(SECRET_IN_TEXT, (_, slashes: string | undefined, scheme: string | undefined) =>
    slashes === undefined ? `${scheme}${MASK}` : `//${MASK}@`,
  );
}
