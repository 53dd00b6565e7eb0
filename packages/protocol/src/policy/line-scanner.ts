import { PolicySyntaxError } from './problem.ts';

const SPACE = /[ \t]*/y;
const BLANK = /[ \t]/;

/** Walks along one line of a policy; a `#` at its beginning or after white space starts a comment. */
export class LineScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skipSpace();
  }

  /** Column of the next word, from 1. */
  get column(): number {
    return this.#at + 1;
  }

  /** True when only a comment or nothing is left. */
  get done(): boolean {
    return this.#at >= this.#text.length || this.#commentHere();
  }

  /** Takes what the sticky expression matches here, and the white space behind it. */
  take(expression: RegExp): string | undefined {
    if (this.done) return undefined;
    expression.lastIndex = this.#at;
    const match = expression.exec(this.#text);
    if (match === null || match[0] === '') return undefined;
    this.#at = expression.lastIndex;
    this.#skipSpace();
    return match[0];
  }

  /** Takes a word up to white space or a comma, which has to be there. */
  word(expected: string, hint: string): string {
    return this.take(/[^\s,]+/y) ?? this.fail(`${expected} is missing`, hint);
  }

  /** True when there is no white space before what comes next. */
  get glued(): boolean {
    return this.#at > 0 && !this.done && !BLANK.test(this.#text[this.#at - 1] ?? ' ');
  }

  fail(message: string, hint: string, column = this.column): never {
    throw new PolicySyntaxError(column, message, hint);
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #commentHere(): boolean {
    return this.#text[this.#at] === '#' && (this.#at === 0 || BLANK.test(this.#text[this.#at - 1] ?? ''));
  }
}
