/** What the command ends with; shown in `--help` and in docs/reference/cli.md. */
export const EXIT = {
  /** It did what it was told. */
  done: 0,
  /** It failed: something was not there, refused, or out of reach. */
  failed: 1,
  /** The command line, the environment or a configuration file is wrong. */
  usage: 2,
  /** The device has no link to its relay now, or no agent runs here. */
  linkDown: 3,
  /** Nobody is logged in to that relay, or the login has ended. */
  notLoggedIn: 4,
  /** Stopped by Ctrl-C before it was done (128 + SIGINT). */
  stopped: 130,
} as const;

/** The same in words, one a row. */
export const EXIT_CODES_IN_WORDS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.done, 'done; or stopped in an orderly way'],
  [EXIT.failed, 'failed: something was not there, refused, or out of reach'],
  [EXIT.usage, 'the command line, the environment or a configuration file is wrong'],
  [EXIT.linkDown, 'the device is offline; agent status: no link to the relay now, or no agent runs here'],
  [EXIT.notLoggedIn, 'not logged in to the relay, or the login has ended: porchlight login'],
  [EXIT.stopped, 'stopped by Ctrl-C before it was done'],
];
