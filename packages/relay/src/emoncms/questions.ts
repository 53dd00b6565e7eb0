import type { EmoncmsData, EmoncmsFeeds, EmoncmsInputs, EmoncmsMeta } from '@porchlight/protocol/api';
import { parseData, parseFeeds, parseInputs, parseMeta } from './parse-answers.ts';

/** An answer without what the relay says about it. */
type Told<T> = Omit<T, 'at' | 'failure'>;

/** One thing that the console's page may ask an emoncms. There are no others: each reads, none changes. */
export interface Question<T> {
  /** Path and query below the base of emoncms. */
  readonly target: string;
  /** The last answer to the same key is kept, where the owner wants that; undefined: this one is not worth it. */
  readonly keep: string | undefined;
  /** @throws PorchlightError `bad_answer` */
  parse(answer: unknown): Told<T>;
}

export const feedsQuestion: Question<EmoncmsFeeds> = {
  target: '/feed/list.json',
  keep: 'feeds',
  parse: (answer) => ({ feeds: parseFeeds(answer) }),
};

export const inputsQuestion: Question<EmoncmsInputs> = {
  target: '/input/list.json',
  keep: 'inputs',
  parse: (answer) => ({ inputs: parseInputs(answer) }),
};

export function metaQuestion(feed: number): Question<EmoncmsMeta> {
  return { target: `/feed/getmeta.json?id=${feed}`, keep: `meta ${feed}`, parse: parseMeta };
}

/**
 * The history of a feed, start and end in ms, interval in seconds. Gaps shall come as null: older versions leave them
 * out unless told. Kept is what reaches to the present, by its span: yesterday's "last 24 hours" is what is looked for
 * when the home is offline today.
 */
export function dataQuestion(
  { feed, start, end, interval }: { feed: number; start: number; end: number; interval: number },
  now: number,
): Question<EmoncmsData> {
  const span = end - start;
  return {
    target: `/feed/data.json?id=${feed}&start=${start}&end=${end}&interval=${interval}&skipmissing=0&limitinterval=1`,
    keep: end >= now - span / 10 ? `data ${feed} ${span} ${interval}` : undefined,
    parse: (answer) => ({ start, end, ...parseData(answer) }),
  };
}
