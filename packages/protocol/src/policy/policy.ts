import { parseRequestPath, type RequestPath } from '../request-path.ts';
import { Allowed, type Decision, type Denied, type PolicyRequest } from './decision.ts';
import { isFor, type Rule } from './parse-rule.ts';
import { foldSegment, type PathView } from './path-pattern.ts';
import { hasParameter, withoutParameters } from './query.ts';

/** The rules of one service, in order, and what holds when none matches. */
export interface Section {
  readonly line: number;
  readonly rules: readonly Rule[];
  readonly default: { readonly action: 'allow' | 'deny'; readonly line: number | undefined };
}

/** The section for services that have none of their own. */
export const ANY_SERVICE = '*';

/** Compiled rules; immutable. */
export class Policy {
  readonly #sections: ReadonlyMap<string, Section>;
  readonly #others: Section | undefined;

  constructor(sections: ReadonlyMap<string, Section>) {
    this.#sections = sections;
    this.#others = sections.get(ANY_SERVICE);
  }

  /** Services that have a section, with its line; `*` is not among them. */
  get services(): ReadonlyMap<string, number> {
    const named = [...this.#sections].filter(([name]) => name !== ANY_SERVICE);
    return new Map(named.map(([name, section]) => [name, section.line]));
  }

  /**
   * Judges one HTTP request. A service without rules costs one look-up; otherwise the path is read once and the first
   * matching rule wins. Never throws.
   */
  decide(request: PolicyRequest): Decision {
    const section = this.#sectionOf(request.service);
    if (section === undefined) return new Allowed(request.target);
    if (section.rules.length === 0) return byDefault(section, request.target);
    const path = parseRequestPath(request.target);
    if (!path.ok) return { kind: 'deny', code: 'ambiguous_path', reason: path.reason };
    const view = new LazyView(path.segments);
    for (const rule of section.rules) {
      if (rule.methods !== undefined && !rule.methods.has(request.method)) continue;
      if (!isFor(rule, request.person, request.role)) continue;
      if (rule.pattern.matches(view)) return apply(rule, request.target, path);
    }
    return byDefault(section, request.target);
  }

  /**
   * Judges one connection to a `tcp` service, of which nothing can be read: allowed without a section, or when the
   * section says `default allow`.
   */
  decideConnection(service: string): Decision {
    const section = this.#sectionOf(service);
    return section === undefined ? new Allowed('') : byDefault(section, '');
  }

  #sectionOf(service: string): Section | undefined {
    return service === ANY_SERVICE ? this.#others : (this.#sections.get(service) ?? this.#others);
  }
}

class LazyView implements PathView {
  readonly exact: readonly string[];
  #folded: readonly string[] | undefined;

  constructor(segments: readonly string[]) {
    this.exact = segments;
  }

  get folded(): readonly string[] {
    this.#folded ??= this.exact.map(foldSegment);
    return this.#folded;
  }
}

function denied(reason: string, rule: number | undefined): Denied {
  return rule === undefined
    ? { kind: 'deny', code: 'denied_by_device', reason }
    : { kind: 'deny', code: 'denied_by_device', rule, reason };
}

function byDefault(section: Section, target: string): Decision {
  const { action, line } = section.default;
  return action === 'allow' ? new Allowed(target, line) : denied('no rule of the policy allows it', line);
}

function apply(rule: Rule, target: string, path: RequestPath): Decision {
  if (rule.action === 'deny') return denied('a rule of the policy denies it', rule.line);
  if (rule.refuseQuery.size > 0 && hasParameter(path.query, rule.refuseQuery)) {
    return denied('the policy refuses one of its query parameters', rule.line);
  }
  const headers =
    rule.removeHeaders.size === 0 ? undefined : { remove: rule.removeHeaders, add: rule.addHeaders };
  const { replacePath: to } = rule;
  const replaced = to === undefined ? undefined : { from: path.path, to };
  return new Allowed(rewrite(rule, target, path), rule.line, headers, rule.addQuery, replaced);
}

function rewrite(rule: Rule, target: string, path: RequestPath): string {
  if (rule.removeQuery.size === 0 && rule.replacePath === undefined) return target;
  const kept = path.query === undefined ? '' : withoutParameters(path.query, rule.removeQuery);
  const query = (kept === '' ? rule.addQuery : [kept, ...rule.addQuery]).join('&');
  const local = rule.replacePath ?? path.path;
  return query === '' ? local : `${local}?${query}`;
}
