import type { Readable } from 'node:stream';
import type { Clock } from '../clock.ts';
import type { DeviceRecord } from '../devices/index.ts';
import type { CommandResult, DeviceCommand, StockDialect } from '../ssh/stock-dialect.ts';
import { BEAT_BYTES_MAX, parseBeat } from './parse-beat.ts';
import type { PortRequest, PortRequests } from './port-requests.ts';

/** Takes what a device tells of itself. */
export interface ReadingSink {
  note(device: Pick<DeviceRecord, 'id' | 'accountId'>, values: ReadonlyMap<string, string>, at: number): void;
}

/** The commands of every device: `inbox` reads what people ask of it, `beat` tells how it is doing. */
export class DeviceCommands implements StockDialect {
  readonly commands = ['inbox', 'beat', 'beat inbox'];
  readonly keyIsEnough = false;
  readonly #portRequests: Pick<PortRequests, 'take'>;
  readonly #readings: ReadingSink;
  readonly #clock: Clock;

  constructor(parts: {
    readonly portRequests: Pick<PortRequests, 'take'>;
    readonly readings: ReadingSink;
    readonly clock: Clock;
  }) {
    this.#portRequests = parts.portRequests;
    this.#readings = parts.readings;
    this.#clock = parts.clock;
  }

  isFor(): boolean {
    return true;
  }

  refusal(): undefined {
    return undefined;
  }

  run(command: DeviceCommand): Promise<CommandResult> | undefined {
    const name = command.text.split(/\s+/).join(' ');
    if (name === 'inbox') return Promise.resolve({ output: this.#inbox(command.device), code: 0 });
    if (name === 'beat') return this.#beat(command);
    if (name === 'beat inbox') return this.#both(command);
    return undefined;
  }

  async #both(command: DeviceCommand): Promise<CommandResult> {
    const beat = await this.#beat(command);
    // What is wrong with its beat does not keep a device from being reached.
    return { ...beat, output: this.#inbox(command.device) };
  }

  async #beat({ device, input, signal }: DeviceCommand): Promise<CommandResult> {
    const text = await readAll(input, signal);
    if (text === undefined) {
      return { output: '', error: `a beat has ${BEAT_BYTES_MAX} bytes at most`, code: 1 };
    }
    const { values, problem } = parseBeat(text);
    if (values.size > 0) this.#readings.note(device, values, this.#clock.now());
    if (problem === undefined) return { output: '', code: 0 };
    return { output: '', error: problem, code: values.size > 0 ? 0 : 1 };
  }

  #inbox(device: DeviceRecord): string {
    const now = this.#clock.now();
    return this.#portRequests
      .take(device.id)
      .map((request) => lineOf(request, now))
      .join('');
  }
}

/** `forward <port on the device>:<port to name in ssh -R> <seconds left>` */
function lineOf({ devicePort, relayPort, expiresAt }: PortRequest, now: number): string {
  return `forward ${devicePort}:${relayPort} ${Math.max(0, Math.round((expiresAt - now) / 1000))}\n`;
}

/** Undefined: it was longer than a beat may be. Whoever calls sets the deadline. */
function readAll(input: Readable, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (text: string | undefined): void => {
      input.off('data', take);
      // ssh2 shuts a channel's window by itself; what still comes is thrown away.
      input.resume();
      resolve(text);
    };
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > BEAT_BYTES_MAX) settle(undefined);
      else chunks.push(chunk);
    };
    const end = (): void => settle(Buffer.concat(chunks).toString('utf8'));
    input.on('data', take);
    input.once('end', end);
    signal.addEventListener('abort', end, { once: true });
  });
}
