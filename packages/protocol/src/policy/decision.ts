import { canonicalHeader, overridesRequest } from './header-names.ts';

/** What the visitor asks, as the relay vouches for it. */
export interface PolicyRequest {
  readonly service: string;
  /** As sent, e.g. `GET`; a WebSocket upgrade is a `GET`. */
  readonly method: string;
  /** The request target as sent: path and query. */
  readonly target: string;
  /** Account name; undefined for visitors that are not signed in. */
  readonly person?: string | undefined;
  /** What the person is to the device, e.g. `owner`. */
  readonly role?: string | undefined;
}

/** A request that policy refused. `rule` is the line in the policy file, absent when no rule was involved. */
export interface Denied {
  readonly kind: 'deny';
  readonly code: 'denied_by_device' | 'ambiguous_path';
  readonly rule?: number;
  /** For the visitor, the log and the audit; holds nothing that the visitor sent and no secret. */
  readonly reason: string;
}

const NOTHING: readonly never[] = [];

/** The path that was asked for, and the one in its place. */
interface ReplacedPath {
  readonly from: string;
  readonly to: string;
}

export interface HeaderChanges {
  /** Canonical names ({@link canonicalHeader}) to take out of what the visitor sent. */
  readonly remove: ReadonlySet<string>;
  readonly add: readonly (readonly [name: string, value: string])[];
}

/**
 * A request that policy lets through. What may hold secrets lies behind getters and private fields, so that neither
 * `JSON.stringify` nor an inspecting logger shows it; do not log `target` or `addHeaders`.
 */
export class Allowed {
  readonly kind = 'allow';
  readonly rule: number | undefined;
  readonly #target: string;
  readonly #headers: HeaderChanges | undefined;
  readonly #added: readonly string[];
  readonly #replaced: ReplacedPath | undefined;

  /** @param added `name=value` pairs, encoded, that the rule put into the query of `target` */
  constructor(
    target: string,
    rule?: number,
    headers?: HeaderChanges,
    added: readonly string[] = NOTHING,
    replaced?: ReplacedPath,
  ) {
    this.#target = target;
    this.rule = rule;
    this.#headers = headers;
    this.#added = added;
    this.#replaced = replaced;
  }

  /** True when an address in an answer may name what the rule put into the target. */
  get changesTarget(): boolean {
    return this.#added.length > 0 || this.#replaced !== undefined;
  }

  /**
   * An address in an answer without what the rule put into the target: servers that redirect keep the query, or name
   * the path anew, and the visitor would read the secrets there.
   */
  hideAdded(address: string): string {
    const { from, to } = this.#replaced ?? { from: '', to: '' };
    let text = to.length > 1 ? address.replaceAll(to, () => from) : address;
    for (const pair of this.#added) {
      const literal = pair.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      text = text.replace(new RegExp(`\\?${literal}&`, 'g'), '?');
      text = text.replace(new RegExp(`[?&]${literal}(?=[&#;>"\\s]|$)`, 'g'), '');
    }
    return text;
  }

  /** The request target for the local server. */
  get target(): string {
    return this.#target;
  }

  /** Headers to add; each replaces what the visitor sent under its name. */
  get addHeaders(): HeaderChanges['add'] {
    return this.#headers?.add ?? NOTHING;
  }

  /** True when the rule itself adds or strips headers. */
  get changesHeaders(): boolean {
    return this.#headers !== undefined;
  }

  /**
   * True for a header of the visitor that must not pass, in any spelling: what the rule strips or adds, and, where any
   * rule is in force, what would make the server read another request than the one that was judged.
   */
  dropsHeader(name: string): boolean {
    if (this.rule !== undefined && overridesRequest(name)) return true;
    return this.#headers?.remove.has(canonicalHeader(name)) ?? false;
  }

  /** A raw header list (`name, value, name, value, …` as in Node's `rawHeaders`) as the local server shall get it. */
  rewriteHeaders(raw: readonly string[]): readonly string[] {
    if (this.#headers === undefined && !raw.some((name, at) => at % 2 === 0 && this.dropsHeader(name)))
      return raw;
    const result: string[] = [];
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = raw[at] ?? '';
      if (!this.dropsHeader(name)) result.push(name, raw[at + 1] ?? '');
    }
    for (const [name, value] of this.addHeaders) result.push(name, value);
    return result;
  }
}

export type Decision = Allowed | Denied;
