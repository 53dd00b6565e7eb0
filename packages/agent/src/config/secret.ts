import { inspect } from 'node:util';

const MASK = '[secret]';

/** A text that must never be shown: prints masked wherever it is logged, inspected or put into JSON. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. Never pass it to a log or into a message. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
