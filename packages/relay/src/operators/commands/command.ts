import type { Person } from '../../access/index.ts';
import type { DeviceRecord } from '../../devices/index.ts';
import type { OperatorEvents } from '../operator-api.ts';
import type { Terminal } from '../terminal/index.ts';

/** What the relay is called, for addresses that people are shown. */
export interface RelayNames {
  readonly domain: string;
  readonly sshPort: number | undefined;
}

/** What a command line has after the command's name. */
export interface Words {
  readonly args: readonly string[];
  /** `--json`: for programs. */
  readonly json: boolean;
  /** Values of an option, in order. */
  all(option: string): readonly string[];
  /** The value of an option that is given once. */
  one(option: string): string | undefined;
}

/** What a command works with. */
export interface CommandCall {
  readonly words: Words;
  readonly terminal: Terminal;
  readonly relay: RelayNames;
  /** Aborted when the client has hung up. */
  readonly signal: AbortSignal;
  now(): number;
  /** Calls every `ms`; gives what ends that. */
  every(ms: number, call: () => void): () => void;
  /** Prints one line, or several. */
  print(text: string): void;
  /** Prints a value for `--json`. */
  printJson(value: unknown): void;
  /** @throws PorchlightError `not_signed_in` */
  person(): Promise<Person>;
  /** Asks the API as this person. @throws PorchlightError */
  api<T = undefined>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<T>;
  /** All items of a listing, page after page. @throws PorchlightError */
  list<T>(path: string): Promise<T[]>;
  /** The person's device of that present or former name. @throws PorchlightError `not_found` */
  device(name: string): Promise<DeviceRecord>;
  /** Live events, until the sink is ended. @throws PorchlightError */
  watch(open: (onEnd: () => void) => OperatorEvents): Promise<void>;
}

export interface Command {
  /** With its arguments, as help shows it. */
  readonly usage: string;
  readonly summary: string;
  /** Numbers of arguments that it takes. */
  readonly args: readonly [least: number, most: number];
  /** Options with a value, without `--`; `true`: may be given several times. */
  readonly options?: Readonly<Record<string, boolean>>;
  run(call: CommandCall): Promise<void>;
}

/** A command line that cannot be understood: exit status 2. */
export class UsageError extends Error {}
