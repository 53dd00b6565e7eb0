import type { Readable } from 'node:stream';
import type { DeviceRecord } from '../devices/index.ts';

/** A command that a device executes here: `ssh device@relay inbox`. */
export interface DeviceCommand {
  readonly device: DeviceRecord;
  /** What stands behind the host name on the client's command line. */
  readonly text: string;
  /** What the client sends on its standard input. */
  readonly input: Readable;
  /** Aborted when the client has gone or the time is up. */
  readonly signal: AbortSignal;
}

export interface CommandResult {
  /** To standard output, with its line ends. */
  readonly output: string;
  /** One line to standard error. */
  readonly error?: string;
  readonly code: number;
}

/**
 * How some stock clients talk: which commands they execute, and which forwards they may have. What a known client of
 * old expects stands in an adapter of its own, and comes in through this.
 */
export interface StockDialect {
  /** Names of its commands, for whoever asks for another. */
  readonly commands: readonly string[];
  isFor(userName: string): boolean;
  /** True: its user names say nothing of the device's name, so that any of them goes with a known key. */
  readonly keyIsEnough: boolean;
  /** Undefined: it is none of its commands. */
  run(command: DeviceCommand): Promise<CommandResult> | undefined;
  /** Why a device may not have a forward of this port; undefined: it may. */
  refusal(deviceId: string, bindPort: number): string | undefined;
}
