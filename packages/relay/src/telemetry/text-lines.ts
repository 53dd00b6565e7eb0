/** Log lines for people: `2026-11-22 09:30:01 info  ssh: link up device=zumi01`. */

interface Line {
  readonly time: string;
  readonly level: string;
  readonly component?: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

const OWN_FIELDS = new Set(['time', 'level', 'component', 'msg']);

/** Turns one line of JSON, as the logger writes it, into one line of text; ends with a newline. */
export function textLine(json: string): string {
  const line = JSON.parse(json) as Line;
  const fields = Object.entries(line)
    .filter(([name]) => !OWN_FIELDS.has(name))
    .map(([name, value]) => ` ${name}=${plain(name === 'error' ? briefError(value) : value)}`);
  const time = line.time.slice(0, 19).replace('T', ' ');
  const component = line.component === undefined ? '' : `${line.component}: `;
  return `${time} ${line.level.padEnd(5)} ${component}${line.msg}${fields.join('')}\n`;
}

/** Type and message; whoever needs the stack takes the JSON form. */
function briefError(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('message' in value)) return value;
  return 'code' in value ? `${String(value.code)}: ${String(value.message)}` : value.message;
}

/** Bare where that is unambiguous; otherwise as JSON, which also escapes what could steer a terminal. */
function plain(value: unknown): string {
  if (typeof value === 'string' && /^[\w.:/@+\-[\]]+$/.test(value)) return value;
  const json = JSON.stringify(value) ?? '';
  return json.replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
