/** Longest telemetry message that is looked into, in bytes: the values of a page, not a file. */
const PAYLOAD_MAX = 16 * 1024;
/** Values taken from one message, as many as are kept of a device. */
const VALUES_MAX = 64;
/** Objects inside objects that are looked into. */
const DEPTH_MAX = 4;

/**
 * Reads a telemetry message: `<prefix>telemetry/<name>` with a number, a word or JSON. An object gives a value for each
 * of its fields, named `<name>/<field>`; one on `<prefix>telemetry` itself goes by its fields alone. Lists, `null` and
 * what is too long give nothing. Undefined: it is no telemetry topic. Pure, never throws.
 *
 * ```text
 * device/shed/telemetry/temperature   21.5                        temperature = 21.5
 * device/shed/telemetry/bme280        {"t":21.5,"rh":40}          bme280/t = 21.5, bme280/rh = 40
 * ```
 */
export function parseTelemetry(
  prefixes: readonly string[],
  topic: string,
  payload: Buffer,
): Map<string, string> | undefined {
  const prefix = prefixes.find((one) => topic === `${one}telemetry` || topic.startsWith(`${one}telemetry/`));
  if (prefix === undefined) return undefined;
  const values = new Map<string, string>();
  if (payload.length > PAYLOAD_MAX) return values;
  const name = topic.slice(`${prefix}telemetry/`.length);
  const text = payload.toString('utf8').trim();
  if (text === '') return values;
  collect(values, name, parsed(text), 0);
  return values;
}

function parsed(text: string): unknown {
  if (!/^[{["]|^(?:true|false|null)$/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function collect(values: Map<string, string>, name: string, value: unknown, depth: number): void {
  if (values.size >= VALUES_MAX) return;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    if (name !== '') values.set(name, String(value));
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value) && depth < DEPTH_MAX) {
    for (const [field, inner] of Object.entries(value)) {
      collect(values, name === '' ? field : `${name}/${field}`, inner, depth + 1);
    }
  }
}
