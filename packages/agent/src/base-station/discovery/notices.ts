import type { Clock } from '../../clock.ts';
import type { Logger } from '../../log/index.ts';

/** Whoever sends from many addresses must not fill the page. */
const NOTICES_MAX = 32;
/** What was not seen again for so long is over. */
const LASTS_MS = 3600_000;
/** The log hears of the same thing again after so long. */
const LOG_AGAIN_MS = 600_000;

const WORDS = {
  'replayed-beacon':
    'sends copies of this base station’s beacons; devices with our protocol do not believe them',
  'false-beacon': 'sends beacons in this base station’s name without its key; devices do not believe them',
  'same-identity':
    'says over mDNS that it is this base station; devices with our protocol notice that it has not its key',
  'other-broadcast':
    'tells EmonESP devices that it is their base station; let none of them in before you know what it is',
  'emonpi-name': 'calls itself emonpi.local: EmonESP devices may go there',
  'name-taken': 'has the host name that this base station wanted',
  'other-base-station': 'is another base station',
} as const;
export type NoticeKind = keyof typeof WORDS;

/** Something on the LAN that a person should know of. */
export interface Notice {
  readonly kind: NoticeKind;
  readonly address: string;
  /** One sentence in English, with the address. */
  readonly message: string;
  /** ms since 1970. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly times: number;
}

/** Others on the LAN that look like this base station. */
export class Notices {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onChange: () => void;
  readonly #known = new Map<string, Notice & { readonly loggedAt: number }>();

  constructor({ clock, logger, onChange }: { clock: Clock; logger: Logger; onChange: () => void }) {
    this.#clock = clock;
    this.#logger = logger;
    this.#onChange = onChange;
  }

  /** Latest last. */
  list(): Notice[] {
    this.#drop();
    return [...this.#known.values()].map(({ loggedAt: _loggedAt, ...notice }) => notice);
  }

  note(kind: NoticeKind, address: string, what = ''): void {
    this.#drop();
    const now = this.#clock.now();
    const key = `${kind} ${address}`;
    const before = this.#known.get(key);
    const message = `${address} ${WORDS[kind]}${what === '' ? '' : ` (${what})`}`;
    const isLogged = before === undefined || now - before.loggedAt >= LOG_AGAIN_MS;
    const level = kind === 'other-base-station' ? 'info' : 'warn';
    if (isLogged) this.#logger[level]({ kind, address }, message);
    this.#known.delete(key);
    this.#known.set(key, {
      ...{ kind, address, message, firstAt: before?.firstAt ?? now, lastAt: now },
      times: (before?.times ?? 0) + 1,
      loggedAt: isLogged ? now : before.loggedAt,
    });
    const [oldest] = this.#known.keys();
    if (this.#known.size > NOTICES_MAX && oldest !== undefined) this.#known.delete(oldest);
    if (before === undefined) this.#onChange();
  }

  #drop(): void {
    const now = this.#clock.now();
    for (const [key, { lastAt }] of this.#known) if (now - lastAt >= LASTS_MS) this.#known.delete(key);
  }
}
