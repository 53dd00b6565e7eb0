/** One judged request, as the audit notes it. */
export interface AuditedRequest {
  readonly service: string;
  readonly person?: string | undefined;
  readonly role?: string | undefined;
  readonly decision: 'allow' | 'deny';
  /** Line of the policy that decided. */
  readonly rule?: number | undefined;
  readonly reason?: string | undefined;
  /** Absent for `tcp` connections. */
  readonly method?: string | undefined;
  /** As the visitor sent it, never with what the policy added; its query is not kept. */
  readonly target?: string | undefined;
}

/** What is written of one or more alike requests. */
export interface AuditedGroup extends Omit<AuditedRequest, 'target'> {
  readonly path?: string | undefined;
  count: number;
}

/** Different requests of one window that are noted one by one; beyond that only their service, person and decision. */
export const DETAILS_MAX = 50;
/** Different combinations of service, person and decision of one window; beyond that they are counted together. */
export const COARSE_MAX = 200;
/** Longest text of each field, in characters. */
const FIELD_MAX = 256;

/** Gathers the requests of one second, in bounded memory however many and however different they are. */
export class AuditWindow {
  readonly #details = new Map<string, AuditedGroup>();
  readonly #coarse = new Map<string, AuditedGroup>();
  #others = 0;

  /** One look-up for a repeated request. */
  add(request: AuditedRequest): void {
    const path = pathOf(request.target);
    const { service, person = '', decision, rule = 0, method = '' } = request;
    const coarseKey = `${decision}\n${service}\n${person}`;
    const key = `${coarseKey}\n${rule}\n${method}\n${path}`;
    const known = this.#details.get(key);
    if (known !== undefined) {
      known.count++;
    } else if (this.#details.size < DETAILS_MAX) {
      this.#details.set(key, groupOf(request, path));
    } else {
      this.#addCoarse(coarseKey, request);
    }
  }

  get empty(): boolean {
    return this.#details.size === 0;
  }

  /** Everything in order of its first appearance; the window is empty afterwards. */
  take(): { groups: AuditedGroup[]; others: number } {
    const groups = [...this.#details.values(), ...this.#coarse.values()];
    const others = this.#others;
    this.#details.clear();
    this.#coarse.clear();
    this.#others = 0;
    return { groups, others };
  }

  #addCoarse(key: string, { service, person, decision }: AuditedRequest): void {
    const known = this.#coarse.get(key);
    if (known !== undefined) known.count++;
    else if (this.#coarse.size >= COARSE_MAX) this.#others++;
    else this.#coarse.set(key, groupOf({ service, person, decision }, undefined));
  }
}

function pathOf(target: string | undefined): string | undefined {
  if (target === undefined) return undefined;
  const mark = target.indexOf('?');
  return cut(mark < 0 ? target : target.slice(0, mark));
}

function groupOf(request: AuditedRequest, path: string | undefined): AuditedGroup {
  const { service, person, role, decision, rule, reason, method } = request;
  return {
    service: cut(service),
    person: person === undefined ? undefined : cut(person),
    role: role === undefined ? undefined : cut(role),
    decision,
    rule,
    reason: reason === undefined ? undefined : cut(reason),
    method: method === undefined ? undefined : cut(method),
    path,
    count: 1,
  };
}

function cut(text: string): string {
  return text.length > FIELD_MAX ? `${text.slice(0, FIELD_MAX)}…` : text;
}
