/** One thing wrong with a policy file. `line` and `column` count from 1. */
export interface PolicyProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What to write instead. */
  readonly hint: string;
}

/** Ends the reading of one line; the compiler adds the line number and goes on with the next. */
export class PolicySyntaxError extends Error {
  readonly column: number;
  readonly hint: string;

  constructor(column: number, message: string, hint: string) {
    super(message);
    this.name = 'PolicySyntaxError';
    this.column = column;
    this.hint = hint;
  }
}
