import { isAccountName } from '../names.ts';
import { parseRequestPath } from '../request-path.ts';
import { canonicalHeader, headerObjection } from './header-names.ts';
import type { LineScanner } from './line-scanner.ts';
import { type PathPattern, parsePathPattern } from './path-pattern.ts';
import { canonicalParameter } from './query.ts';
import { parseValue, type SecretSource } from './value.ts';

/** One `allow` or `deny` line, ready to be applied. */
export interface Rule {
  readonly line: number;
  readonly action: 'allow' | 'deny';
  /** undefined: every method. */
  readonly methods: ReadonlySet<string> | undefined;
  readonly pattern: PathPattern;
  /** Any of these must fit; undefined: everyone. */
  readonly who: readonly Who[] | undefined;
  /** Canonical names; a request that has one is refused. */
  readonly refuseQuery: Set<string>;
  /** Canonical names taken out of the query: those stripped and those added. */
  readonly removeQuery: Set<string>;
  /** Encoded `name=value` pairs; may hold secrets. */
  readonly addQuery: string[];
  readonly removeHeaders: Set<string>;
  readonly addHeaders: [name: string, value: string][];
  /** The path that the local server gets in place of the visitor's; may hold secrets. */
  replacePath: string | undefined;
}

/** `name` undefined: any person. */
interface Who {
  readonly kind: 'person' | 'role';
  readonly name: string | undefined;
}

const LIST_MAX = 32;
const CHANGES = ['add', 'strip', 'refuse', 'replace'];
const CLAUSES = 'Write for, add, strip, refuse or replace.';

/** True when the rule is for this visitor. */
export function isFor(rule: Rule, person: string | undefined, role: string | undefined): boolean {
  if (rule.who === undefined) return true;
  return rule.who.some((who) => {
    const is = who.kind === 'person' ? person : role;
    return is !== undefined && (who.name === undefined || who.name === is);
  });
}

/** @throws PolicySyntaxError */
export function parseRule(
  scan: LineScanner,
  action: 'allow' | 'deny',
  line: number,
  secret: SecretSource,
): Rule {
  const methods = parseMethods(scan);
  const column = scan.column;
  const text =
    scan.take(/\S+/y) ?? scan.fail('a path pattern is missing', 'Write it after the methods: allow GET /**');
  const rule: Rule & { who: Who[] | undefined } = {
    line,
    action,
    methods,
    pattern: parsePathPattern(text, column, action === 'deny'),
    who: undefined,
    refuseQuery: new Set(),
    removeQuery: new Set(),
    addQuery: [],
    removeHeaders: new Set(),
    addHeaders: [],
    replacePath: undefined,
  };
  while (!scan.done) {
    const at = scan.column;
    const clause = scan.word('a clause', CLAUSES);
    if (clause === 'for') {
      if (rule.who !== undefined)
        scan.fail('"for" stands twice', 'Write all in one list: for person a, role b', at);
      rule.who = parseWho(scan);
    } else if (action === 'deny' && CHANGES.includes(clause)) {
      scan.fail(`a deny rule has no "${clause}"`, 'Only "for" may follow its path.', at);
    } else if (clause === 'add') parseAdd(scan, rule, secret);
    else if (clause === 'strip') parseStrip(scan, rule);
    else if (clause === 'refuse') parseRefuse(scan, rule);
    else if (clause === 'replace') parseReplace(scan, rule, secret);
    else scan.fail(`"${clause}" is no clause`, CLAUSES, at);
  }
  return rule;
}

function parseMethods(scan: LineScanner): Set<string> | undefined {
  const hint = 'Write GET, or several as GET,HEAD, or * for every method.';
  if (scan.take(/\*(?=\s|$)/y) !== undefined) return undefined;
  const methods = new Set<string>();
  do {
    const column = scan.column;
    const method = scan.word('a method', hint);
    if (!/^[A-Z][A-Z-]{0,31}$/.test(method))
      scan.fail(`"${method}" is no method`, `${hint} Capitals only.`, column);
    methods.add(method);
    if (methods.size > LIST_MAX)
      scan.fail(`more than ${LIST_MAX} methods`, 'Write * for every method.', column);
  } while (scan.take(/,/y) !== undefined);
  return methods;
}

function parseWho(scan: LineScanner): Who[] {
  const hint = 'Write person NAME, role NAME, or person * for everyone who is signed in.';
  const list: Who[] = [];
  do {
    const column = scan.column;
    const kind = scan.word('"person" or "role"', hint);
    if (kind !== 'person' && kind !== 'role')
      return scan.fail(`"${kind}" is neither person nor role`, hint, column);
    const at = scan.column;
    const name = scan.word(`the name of the ${kind}`, hint);
    if (!(name === '*' && kind === 'person') && !isAccountName(name)) {
      scan.fail(`"${name}" is no name of a ${kind}`, `${hint} Names are in lower case.`, at);
    }
    list.push({ kind, name: name === '*' ? undefined : name });
    if (list.length > LIST_MAX)
      scan.fail(`more than ${LIST_MAX} names`, 'Use a role, or several rules.', column);
  } while (scan.take(/,/y) !== undefined);
  return list;
}

function parseAdd(scan: LineScanner, rule: Rule, secret: SecretSource): void {
  const place = parsePlace(scan, 'add query NAME=VALUE or add header NAME=VALUE');
  const column = scan.column;
  const name = place === 'query' ? parameterName(scan) : headerName(scan);
  const canonical = place === 'query' ? canonicalParameter(name) : canonicalHeader(name);
  if (!scan.glued || scan.take(/=(?=\S)/y) === undefined) {
    scan.fail(`the value of ${name} is missing`, `Write ${name}=VALUE without spaces around "=".`);
  }
  const value = parseValue(scan, secret);
  if (place === 'query') {
    if (rule.addQuery.length >= LIST_MAX) scan.fail('too many parameters are added', 'Add fewer.', column);
    rule.removeQuery.add(canonical);
    rule.addQuery.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  } else {
    if (rule.addHeaders.length >= LIST_MAX) scan.fail('too many headers are added', 'Add fewer.', column);
    rule.removeHeaders.add(canonical);
    rule.addHeaders.push([name, value]);
  }
}

function parseStrip(scan: LineScanner, rule: Rule): void {
  if (parsePlace(scan, 'strip query NAME or strip header NAME') === 'query') {
    rule.removeQuery.add(canonicalParameter(parameterName(scan)));
  } else {
    rule.removeHeaders.add(canonicalHeader(headerName(scan)));
  }
}

function parseRefuse(scan: LineScanner, rule: Rule): void {
  const column = scan.column;
  if (scan.word('"query"', 'Write refuse query NAME.') !== 'query') {
    scan.fail('only query parameters can be refused', 'Write refuse query NAME.', column);
  }
  rule.refuseQuery.add(canonicalParameter(parameterName(scan)));
}

function parseReplace(scan: LineScanner, rule: Rule, secret: SecretSource): void {
  const form = 'Write replace path=/PATH without spaces around "=".';
  const column = scan.column;
  if (scan.take(/path(?=[\s=]|$)/y) === undefined) scan.fail('only the path can be replaced', form);
  if (rule.replacePath !== undefined) scan.fail('"replace path" stands twice', 'Write it once.', column);
  if (!scan.glued || scan.take(/=(?=\S)/y) === undefined) scan.fail('the new path is missing', form);
  const at = scan.column;
  const path = parseRequestPath(parseValue(scan, secret));
  if (!path.ok) return scan.fail(`the new path is refused: ${path.reason}`, 'Write it as it is sent.', at);
  if (path.query !== undefined) scan.fail('the new path has a query', 'Use add query for that.', at);
  rule.replacePath = path.path;
}

function parsePlace(scan: LineScanner, form: string): 'query' | 'header' {
  const column = scan.column;
  const place = scan.word('"query" or "header"', `Write ${form}.`);
  if (place === 'query' || place === 'header') return place;
  return scan.fail(`"${place}" is neither query nor header`, `Write ${form}.`, column);
}

function parameterName(scan: LineScanner): string {
  const hint = 'A parameter name has letters, digits, "_", "-" and ".".';
  return (
    scan.take(/[A-Za-z0-9_.-]{1,64}(?=[\s=]|$)/y) ??
    scan.fail('the parameter name is missing or not legal', hint)
  );
}

function headerName(scan: LineScanner): string {
  const column = scan.column;
  const name =
    scan.take(/[^\s=,"]+/y) ?? scan.fail('the header name is missing', 'Write for example X-Api-Key.');
  const objection = headerObjection(name);
  if (objection !== undefined) scan.fail(objection, 'Choose another header.', column);
  return name;
}
