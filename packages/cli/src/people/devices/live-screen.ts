import type { Device, JoinRequest, LiveEvent } from '@porchlight/protocol/api';
import { DeviceList } from '@porchlight/protocol/words';

/** Redrawn at most so often, and at least so often: spans grow. */
const DRAW_MS = 250;
const REDRAW_MS = 10_000;
/** What a terminal that says 0 is taken for. */
const SIZE_UNKNOWN = { columns: 80, rows: 24 };
/** q, Ctrl-C, Ctrl-D. */
const LEAVING = new Set(['q', 'Q', '\u0003', '\u0004']);

/** The live list on this terminal, drawn over itself in place, so that an end of any kind leaves no mess. */
export class LiveScreen {
  #list = new DeviceList();
  readonly #timers: NodeJS.Timeout[];
  readonly #onKey: (key: string) => void;
  readonly #onResize: () => void;
  #due = false;
  #drawn = 0;

  /** @param leave called when a key says so */
  constructor(leave: () => void) {
    this.#onKey = (key) => {
      if (LEAVING.has(key)) leave();
    };
    this.#onResize = () => {
      // Lines have been broken anew: nobody knows where the list begins.
      process.stdout.write('\u001b[H\u001b[J');
      this.#drawn = 0;
      this.#due = true;
    };
    this.#timers = [
      setInterval(() => this.#draw(), DRAW_MS),
      setInterval(() => {
        this.#due = true;
      }, REDRAW_MS),
    ];
    if (process.stdin.isTTY) process.stdin.setRawMode(true).setEncoding('utf8').on('data', this.#onKey);
    process.stdout.on('resize', this.#onResize);
  }

  /** Everything anew: what was shown may be outdated. */
  begin(devices: Iterable<Device>, requests: Iterable<JoinRequest>): void {
    this.#list = new DeviceList();
    this.#list.begin(devices, requests);
    this.#due = true;
  }

  hear(event: LiveEvent): void {
    this.#list.hear(event);
    this.#due = true;
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    process.stdout.off('resize', this.#onResize);
    if (process.stdin.isTTY) process.stdin.off('data', this.#onKey).setRawMode(false).pause();
    if (this.#drawn > 0) process.stdout.write('\n');
  }

  #draw(): void {
    if (!this.#due) return;
    this.#due = false;
    const { columns, rows } = process.stdout;
    const size = { columns: columns || SIZE_UNKNOWN.columns, rows: rows || SIZE_UNKNOWN.rows };
    const lines = this.#list.lines(size, { now: Date.now(), foot: 'q leaves' });
    const back = this.#drawn > 1 ? `\u001b[${this.#drawn - 1}A\r\u001b[J` : '\r\u001b[J';
    this.#drawn = lines.length;
    process.stdout.write(back + lines.join('\n'));
  }
}
