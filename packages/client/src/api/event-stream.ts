import { PorchlightError } from '@porchlight/protocol';

/** Longest event, in characters: a device with all its services is some 50 KB. */
const EVENT_MAX = 1024 * 1024;

/**
 * The `data` of each event of a stream of server-sent events (WHATWG HTML §9.2.6). Other fields are passed over.
 * @throws PorchlightError `bad_answer` for an event that is too long
 */
export class EventParser {
  #rest = '';
  #data: string[] = [];
  #length = 0;

  /** The events that are complete with this text. Events end with an empty line. */
  push(text: string): string[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    const events: string[] = [];
    for (const line of lines) {
      const field = line.endsWith('\r') ? line.slice(0, -1) : line;
      if (field === '') {
        if (this.#data.length > 0) events.push(this.#data.join('\n'));
        this.#data = [];
        this.#length = 0;
      } else if (field.startsWith('data:')) {
        const value = field.slice(field.startsWith('data: ') ? 6 : 5);
        this.#data.push(value);
        this.#length += value.length;
      }
    }
    if (this.#length + this.#rest.length > EVENT_MAX) {
      throw new PorchlightError('bad_answer', 'An event of the relay is too long');
    }
    return events;
  }
}
