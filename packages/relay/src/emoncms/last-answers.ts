/** Answers of one service: lists, and a few graphs. */
const ANSWERS_MAX = 32;
/** Characters of JSON of one service: lists, and graphs of a thousand points each. */
const SERVICE_MAX = 2_000_000;
/** Characters of all services together; the service not asked for longest makes room. */
const ALL_MAX = 64_000_000;

interface Kept {
  readonly at: number;
  readonly json: string;
}

/** The last answers of services whose owners want them kept. In memory only: a restart forgets them. */
export class LastAnswers {
  readonly #services = new Map<string, Map<string, Kept>>();
  #size = 0;

  /** Keeps an answer, JSON values only, in the place of the one before. */
  put(service: string, question: string, at: number, answer: object): void {
    const json = JSON.stringify(answer);
    const kept = this.#services.get(service) ?? new Map<string, Kept>();
    // Last in order: used last.
    this.#services.delete(service);
    this.#services.set(service, kept);
    this.#drop(kept, question);
    kept.set(question, { at, json });
    this.#size += json.length;
    while (kept.size > ANSWERS_MAX || sizeOf(kept) > SERVICE_MAX) this.#drop(kept, first(kept));
    while (this.#size > ALL_MAX) this.forget(first(this.#services));
  }

  get(service: string, question: string): { readonly at: number; readonly answer: unknown } | undefined {
    const found = this.#services.get(service)?.get(question);
    return found && { at: found.at, answer: JSON.parse(found.json) as unknown };
  }

  forget(service: string): void {
    const kept = this.#services.get(service);
    if (kept === undefined) return;
    this.#services.delete(service);
    this.#size -= sizeOf(kept);
  }

  forgetWhere(which: (service: string) => boolean): void {
    for (const service of [...this.#services.keys()]) if (which(service)) this.forget(service);
  }

  /** Services that something is kept of, and characters in all. */
  get size(): { readonly services: number; readonly characters: number } {
    return { services: this.#services.size, characters: this.#size };
  }

  #drop(kept: Map<string, Kept>, question: string): void {
    this.#size -= kept.get(question)?.json.length ?? 0;
    kept.delete(question);
  }
}

function sizeOf(kept: ReadonlyMap<string, Kept>): number {
  let size = 0;
  for (const { json } of kept.values()) size += json.length;
  return size;
}

function first(map: ReadonlyMap<string, unknown>): string {
  return map.keys().next().value ?? '';
}
