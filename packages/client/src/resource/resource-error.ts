/** One of the things that an API says went wrong, in the words of Hue's: a list of `{"error": {…}}`. */
export interface ResourceProblem {
  /** Number of the kind of error; undefined when the API gave none. */
  readonly type: number | undefined;
  /** What it is about, e.g. `/lights/1/state/bri`. */
  readonly address: string;
  readonly description: string;
}

/** The API answered, and the answer says that not everything was done. */
export class ResourceError extends Error {
  override readonly name = 'ResourceError';
  /** At least one. */
  readonly problems: readonly ResourceProblem[];
  /** The whole answer: parts of what was asked may have been done. */
  readonly answer: unknown;

  constructor(problems: readonly ResourceProblem[], answer: unknown) {
    super(problems.map(({ description, address }) => `${description}${place(address)}`).join('; '));
    this.problems = problems;
    this.answer = answer;
  }

  /** Number of the first problem's kind, e.g. 101 for a link button that was not pressed. */
  get type(): number | undefined {
    return this.problems[0]?.type;
  }
}

function place(address: string): string {
  return address === '' ? '' : ` (${address})`;
}

/** Reads an error list: an array in which any member is `{"error": {type, address, description}}`. */
export function errorList(answer: unknown): ResourceError | undefined {
  if (!Array.isArray(answer)) return undefined;
  const problems = answer.flatMap((each: unknown): ResourceProblem[] => {
    const error = membersOf(membersOf(each)?.get('error'));
    if (error === undefined) return [];
    const [type, address, description] = ['type', 'address', 'description'].map((name) => error.get(name));
    return [
      {
        type: typeof type === 'number' ? type : undefined,
        address: typeof address === 'string' ? address : '',
        description: typeof description === 'string' ? description : 'the device gave no reason',
      },
    ];
  });
  return problems.length === 0 ? undefined : new ResourceError(problems, answer);
}

function membersOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined;
}
