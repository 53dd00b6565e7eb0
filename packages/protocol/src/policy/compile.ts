import { isServiceName } from '../names.ts';
import { LineScanner } from './line-scanner.ts';
import { parseRule, type Rule } from './parse-rule.ts';
import { ANY_SERVICE, Policy, type Section } from './policy.ts';
import { type PolicyProblem, PolicySyntaxError } from './problem.ts';
import type { SecretSource } from './value.ts';

/** Longest policy, in bytes of UTF-8. */
export const POLICY_BYTES_MAX = 64 * 1024;
/** Most rules in all sections. */
export const POLICY_RULES_MAX = 1000;
/** After so many problems the rest of the file is not reported. */
const PROBLEMS_MAX = 20;

export type CompiledPolicy =
  | { readonly policy: Policy; readonly errors?: never }
  | { readonly errors: readonly PolicyProblem[]; readonly policy?: never };

/**
 * Compiles the text of a policy; never throws. Values are filled in from `secret`: a missing one is an error like any
 * other, which names the secret and never shows a value. The language: docs/reference/policy.md.
 */
export function compilePolicy(text: string, secret: SecretSource): CompiledPolicy {
  if (new TextEncoder().encode(text).length > POLICY_BYTES_MAX) {
    const message = `the policy is larger than ${POLICY_BYTES_MAX / 1024} KB`;
    return {
      errors: [{ line: 1, column: 1, message, hint: 'Use patterns with * and {a,b} instead of many rules.' }],
    };
  }
  const draft = new Draft(secret);
  const errors: PolicyProblem[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const [index, line] of lines.entries()) {
    try {
      draft.read(line, index + 1);
    } catch (error) {
      if (!(error instanceof PolicySyntaxError)) throw error;
      errors.push({ line: index + 1, column: error.column, message: error.message, hint: error.hint });
      if (errors.length >= PROBLEMS_MAX) break;
    }
  }
  return errors.length > 0 ? { errors } : { policy: draft.finish() };
}

/** The problems of a policy for an editor that knows no secrets: every `$name` counts as present. */
export function checkPolicy(text: string): readonly PolicyProblem[] {
  return compilePolicy(text, () => 'secret').errors ?? [];
}

interface OpenSection {
  line: number;
  rules: Rule[];
  default: Section['default'];
}

class Draft {
  readonly #secret: SecretSource;
  readonly #sections = new Map<string, OpenSection>();
  #current: OpenSection | undefined;
  #rules = 0;

  constructor(secret: SecretSource) {
    this.#secret = secret;
  }

  read(text: string, line: number): void {
    // A raw control character would show as nothing in an editor.
    const control = text.search(/[^\P{Cc}\t]/u);
    const scan = new LineScanner(text);
    if (control >= 0) scan.fail('a control character', 'Remove it.', control + 1);
    if (scan.done) return;
    const column = scan.column;
    const word = scan.word('a statement', 'Begin with service, allow, deny or default.');
    if (word === 'service') this.#service(scan, line);
    else if (word === 'allow' || word === 'deny') this.#rule(scan, word, line, column);
    else if (word === 'default') this.#default(scan, line, column);
    else scan.fail(`"${word}" begins no statement`, 'Begin with service, allow, deny or default.', column);
    if (!scan.done) scan.fail('this is too much on the line', 'Remove it, or write # before a comment.');
  }

  finish(): Policy {
    return new Policy(this.#sections);
  }

  #service(scan: LineScanner, line: number): void {
    const column = scan.column;
    const name = scan.word('the name of the service', 'Write service NAME, or service * for all others.');
    if (name !== ANY_SERVICE && !isServiceName(name)) {
      scan.fail(
        `"${name}" is no service name`,
        'Write it as in "porchlight agent expose NAME TARGET".',
        column,
      );
    }
    const before = this.#sections.get(name);
    // Rules that follow a bad section line are still read, into this section, so that their problems show too.
    this.#current = { line, rules: [], default: { action: 'deny', line: undefined } };
    if (before !== undefined) {
      scan.fail(`service ${name} has a section at line ${before.line} already`, 'Join the two.', column);
    }
    this.#sections.set(name, this.#current);
  }

  #rule(scan: LineScanner, action: 'allow' | 'deny', line: number, column: number): void {
    const section = this.#section(scan, column);
    if (section.default.line !== undefined) {
      scan.fail('this rule stands after "default"', 'Put "default" last in its section.', column);
    }
    if (++this.#rules > POLICY_RULES_MAX) {
      scan.fail(`more than ${POLICY_RULES_MAX} rules`, 'Use patterns with * and {a,b}.', column);
    }
    section.rules.push(parseRule(scan, action, line, this.#secret));
  }

  #default(scan: LineScanner, line: number, column: number): void {
    const section = this.#section(scan, column);
    const at = scan.column;
    const action = scan.word('"allow" or "deny"', 'Write default deny or default allow.');
    if (action !== 'allow' && action !== 'deny') {
      return scan.fail(`"${action}" is neither allow nor deny`, 'Write default deny or default allow.', at);
    }
    if (section.default.line !== undefined) scan.fail('"default" stands twice', 'Keep one of them.', column);
    section.default = { action, line };
  }

  #section(scan: LineScanner, column: number): OpenSection {
    return (
      this.#current ?? scan.fail('this stands before any service', 'Write service NAME above it.', column)
    );
  }
}
