/** The part of the local emoncms API that remote clients use. Every error is an HTTP 200 that says so. */
import { FEEDS, type Feed, pointAt, pointCount, START } from './feeds.ts';
import { history, wholeNumber } from './history.ts';
import { Inputs } from './inputs.ts';

export interface Keys {
  /** `apikey` that may read. */
  readonly read: string;
  /** `apikey` that may do all. */
  readonly write: string;
}

/** Answer to a request that emoncms would refuse. */
interface Refusal {
  success: false;
  message: string;
}

const refuse = (message: string): Refusal => ({ success: false, message });

export class EmoncmsApi {
  readonly #keys: Keys;
  readonly #now: () => number;
  readonly #inputs = new Inputs();

  /** `now` gives Unix milliseconds. */
  constructor(keys: Keys, now: () => number) {
    this.#keys = keys;
    this.#now = now;
  }

  /** `route` is the path below `/emoncms/`, with or without `.json`; `key` what came as `Authorization: Bearer`. */
  answer(route: string, query: URLSearchParams, key: string | undefined): unknown {
    const name = route.replace(/\.json$/, '');
    const given = query.get('apikey') ?? key;
    if (given !== this.#keys.read && given !== this.#keys.write) {
      return refuse(given === undefined ? 'An API key is needed' : 'Invalid API key');
    }
    if (name === 'input/post') {
      return given === this.#keys.write
        ? this.#inputs.post(query, this.#seconds())
        : refuse('Write API key needed');
    }
    return this.#read(name, query);
  }

  #seconds(): number {
    return this.#now() / 1000;
  }

  #read(name: string, query: URLSearchParams): unknown {
    switch (name) {
      case 'feed/list':
        return [...FEEDS.values()].map((feed) => this.#listed(feed));
      case 'feed/fetch':
        return this.#fetch(query.get('ids') ?? '');
      case 'input/list':
        return this.#inputs.list(this.#seconds());
      case 'feed/data':
        return this.#of(query, (feed) => {
          const points = history(feed, query, this.#seconds());
          return typeof points === 'string' ? refuse(points) : points;
        });
      case 'feed/timevalue':
        return this.#of(query, (feed) => pointAt(feed, this.#seconds()));
      case 'feed/value':
        return this.#of(query, (feed) => pointAt(feed, this.#seconds()).value);
      case 'feed/getmeta':
        return this.#of(query, (feed) => ({
          start_time: START,
          interval: feed.interval,
          npoints: pointCount(feed, this.#seconds()),
        }));
      default:
        return refuse('Route not found');
    }
  }

  #of(query: URLSearchParams, answer: (feed: Feed) => unknown): unknown {
    const id = wholeNumber(query.get('id'));
    if (id === undefined) return refuse('Missing or wrong id parameter');
    const feed = FEEDS.get(id);
    return feed === undefined ? refuse('Feed does not exist') : answer(feed);
  }

  #fetch(ids: string): unknown {
    const feeds = ids
      .slice(0, 1000)
      .split(',')
      .map((id) => FEEDS.get(Number(id)));
    return feeds.map((feed) => (feed === undefined ? false : pointAt(feed, this.#seconds()).value));
  }

  /** Numbers of the database come as strings, as PHP's MySQL gives them. */
  #listed(feed: Feed): unknown {
    const { time, value } = pointAt(feed, this.#seconds());
    return {
      id: String(feed.id),
      userid: '1',
      name: feed.name,
      tag: feed.tag,
      public: '0',
      size: String(4 * pointCount(feed, this.#seconds())),
      engine: '5',
      unit: feed.unit,
      time,
      value,
    };
  }
}
