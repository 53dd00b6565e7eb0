import { FEEDS, pointAt } from './feeds.ts';

/** Most inputs that may be posted, and the longest name of one. */
const POSTED_MAX = 50;
const NAME = /^[\w-]{1,40}$/;

interface Posted {
  node: string;
  name: string;
  time: number;
  value: number;
}

/** The raw readings behind the feeds, and those that somebody posts. */
export class Inputs {
  readonly #posted = new Map<string, Posted>();

  /** `input/post`: `node` and a JSON object of numbers in `fulljson` or `json`. */
  post(query: URLSearchParams, now: number): unknown {
    const node = query.get('node') ?? '0';
    const values = numbers(query.get('fulljson') ?? query.get('json') ?? '');
    if (!NAME.test(node) || values === undefined) {
      return { success: false, message: 'node must be a name and fulljson an object of numbers' };
    }
    for (const [name, value] of values) {
      const key = `${node} ${name}`;
      if (this.#posted.size >= POSTED_MAX && !this.#posted.has(key)) {
        return { success: false, message: `Too many inputs: at most ${POSTED_MAX}` };
      }
      this.#posted.set(key, { node, name, time: Math.floor(now), value });
    }
    return 'ok';
  }

  list(now: number): unknown[] {
    const measured = [...FEEDS.values()].map((feed) => ({
      node: 'emonpi',
      name: feed.name,
      ...pointAt(feed, now),
      processList: `1:${feed.id}`,
    }));
    const posted = [...this.#posted.values()].map((each) => ({ ...each, processList: '' }));
    return [...measured, ...posted].map(({ node, name, processList, time, value }, at) => ({
      id: String(at + 1),
      nodeid: node,
      name,
      description: '',
      processList,
      time,
      value,
    }));
  }
}

function numbers(text: string): [string, number][] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const entries = Object.entries(value);
    const right = entries.every(([name, each]) => NAME.test(name) && Number.isFinite(each));
    return right ? entries : undefined;
  } catch {
    return undefined;
  }
}
