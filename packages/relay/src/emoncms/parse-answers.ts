import { PorchlightError } from '@porchlight/protocol';
import {
  EMONCMS_POINTS_MAX,
  type EmoncmsData,
  type EmoncmsFeed,
  type EmoncmsInput,
  type EmoncmsMeta,
} from '@porchlight/protocol/api';

/** Feeds and inputs that are shown; large homes have a few hundred. */
const ROWS_MAX = 2_000;
const TEXT_MAX = 200;
/** JavaScript's own latest instant. */
const TIME_MAX_MS = 8.64e15;

/** The JSON of an emoncms. @throws PorchlightError `bad_answer` */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new PorchlightError('bad_answer', 'The answer is no JSON: is this an emoncms?', { cause });
  }
}

/** An answer that is no refusal: emoncms refuses with HTTP 200 and `{"success":false}`. @throws EmoncmsRefusal */
export function accepted(value: unknown): unknown {
  if (!isObject(value) || value['success'] !== false) return value;
  const message = textOf(value['message']);
  throw new EmoncmsRefusal(message === '' ? 'emoncms refused without a reason' : `emoncms says: ${message}`);
}

/** emoncms itself said no: it is one, and there. */
export class EmoncmsRefusal extends PorchlightError {
  constructor(message: string) {
    super('bad_answer', message);
  }
}

/** `feed/list.json`. Rows without a usable id are left out. @throws PorchlightError `bad_answer` */
export function parseFeeds(answer: unknown): EmoncmsFeed[] {
  return rowsOf(answer, 'list of feeds', (row) => {
    const id = wholeOf(row['id']);
    if (id === undefined) return undefined;
    const engine = wholeOf(row['engine']);
    const size = numberOf(row['size']);
    return {
      id,
      name: textOf(row['name']),
      tag: textOf(row['tag']),
      ...(engine === undefined ? {} : { engine }),
      ...(size === null || size < 0 ? {} : { size }),
      unit: textOf(row['unit']),
      value: numberOf(row['value']),
      valueAt: instantOf(row['time'], 1000),
    };
  });
}

/** `input/list.json`. @throws PorchlightError `bad_answer` */
export function parseInputs(answer: unknown): EmoncmsInput[] {
  return rowsOf(answer, 'list of inputs', (row) => {
    const id = wholeOf(row['id']);
    if (id === undefined) return undefined;
    const steps = textOf(row['processList'], 4_000);
    return {
      id,
      node: textOf(row['nodeid']),
      name: textOf(row['name']),
      description: textOf(row['description']),
      processes: steps === '' ? 0 : steps.split(',').length,
      value: numberOf(row['value']),
      valueAt: instantOf(row['time'], 1000),
    };
  });
}

/** `feed/data.json`: `[[ms, value | null], …]`, put in order of time. @throws PorchlightError `bad_answer` */
export function parseData(answer: unknown): Pick<EmoncmsData, 'times' | 'values'> {
  if (!Array.isArray(answer)) throw new PorchlightError('bad_answer', 'That is no history of a feed');
  if (answer.length > EMONCMS_POINTS_MAX) {
    throw new PorchlightError('bad_answer', `The answer has more than ${EMONCMS_POINTS_MAX} points`);
  }
  const points: [number, number | null][] = [];
  let ordered = true;
  for (const row of answer as unknown[]) {
    const [time, value] = Array.isArray(row) ? (row as unknown[]) : [];
    const at = instantOf(time, 1);
    if (at === null) throw new PorchlightError('bad_answer', 'A point of the history has no time');
    if (at < (points.at(-1)?.[0] ?? 0)) ordered = false;
    points.push([at, numberOf(value)]);
  }
  if (!ordered) points.sort(([a], [b]) => a - b);
  return { times: points.map(([at]) => at), values: points.map(([, value]) => value) };
}

/** `feed/getmeta.json`. @throws PorchlightError `bad_answer` */
export function parseMeta(answer: unknown): Pick<EmoncmsMeta, 'start' | 'interval' | 'points'> {
  if (!isObject(answer)) throw new PorchlightError('bad_answer', 'That is no description of a feed');
  const start = instantOf(answer['start_time'], 1000);
  if (start === null) throw new PorchlightError('bad_answer', 'The description of the feed has no start');
  const interval = numberOf(answer['interval']);
  const points = wholeOf(answer['npoints']);
  return {
    start,
    ...(interval === null || interval <= 0 ? {} : { interval }),
    ...(points === undefined ? {} : { points }),
  };
}

function rowsOf<T>(
  answer: unknown,
  what: string,
  read: (row: Readonly<Record<string, unknown>>) => T | undefined,
): T[] {
  if (!Array.isArray(answer))
    throw new PorchlightError('bad_answer', `That is no ${what}: is this an emoncms?`);
  if (answer.length > ROWS_MAX) {
    throw new PorchlightError('bad_answer', `The ${what} has more than ${ROWS_MAX} entries`);
  }
  return (answer as unknown[]).flatMap((row) => {
    const made = isObject(row) ? read(row) : undefined;
    return made === undefined ? [] : [made];
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** PHP gives numbers of its database as text. */
function numberOf(value: unknown): number | null {
  if (typeof value === 'string' && (value.length > 40 || value.trim() === '')) return null;
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : null;
}

function wholeOf(value: unknown): number | undefined {
  const number = numberOf(value);
  return number !== null && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** ms since 1970 of a time in units of `ms`; null for none, which emoncms says as null, false or 0. */
function instantOf(value: unknown, ms: number): number | null {
  const time = numberOf(value);
  if (time === null || time <= 0) return null;
  const at = Math.round(time * ms);
  return at <= TIME_MAX_MS ? at : null;
}

function textOf(value: unknown, max = TEXT_MAX): string {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '';
  return text
    .slice(0, max)
    .replace(/\p{Cc}/gu, ' ')
    .trim();
}
