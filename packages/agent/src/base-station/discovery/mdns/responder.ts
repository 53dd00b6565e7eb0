/** What is said and answered over mDNS (RFC 6762): a state machine that is handed a `send`. */
import { AUTHORITATIVE_ANSWER, type Packet, type RecordType } from 'dns-packet';
import type { Clock } from '../../../clock.ts';
import type { LanInterface } from '../interfaces.ts';
import { comesAfter, isContested } from './conflicts.ts';
import {
  isSameName,
  isSameRecord,
  isUnique,
  kindOf,
  type MdnsPacket,
  type MdnsQuestion,
  type MdnsRecord,
  type MdnsService,
  nothingElse,
  recordsFor,
} from './records.ts';

export const MDNS_PORT = 5353;
/** RFC 6762 §8.1: three probes, a quarter of a second apart, after a random part of one. */
const PROBES = 3;
const PROBE_MS = 250;
/** §8.2: who loses against another that asks at the same time comes back then. */
const LOST_MS = 1_000;
/** §8.1: after that many names that others had, one try in five seconds. */
const CONFLICTS_MAX = 15;
const CONFLICT_PAUSE_MS = 5_000;
/** §8.3: two announcements, a second apart. */
const ANNOUNCEMENTS = 2;
const ANNOUNCE_GAP_MS = 1_000;
/** §6: records that others share are answered after 20 to 120 ms; none is said to all twice in a second. */
const SHARED_DELAY_MS = 20;
const SHARED_SPREAD_MS = 100;
const AGAIN_MS = 1_000;
/** §6.7: those who do not speak mDNS keep an answer so long, in seconds. */
const LEGACY_TTL = 10;

export interface Sender {
  readonly address: string;
  readonly port: number;
}

export interface ResponderParts {
  readonly clock: Clock;
  /** 0 to below 1. */
  readonly random: () => number;
  /** Label wished for; on conflict it gets a number. */
  readonly label: string;
  readonly services: readonly MdnsService[];
  interfaces(): readonly LanInterface[];
  /** To everybody on that interface, or to one. */
  send(on: LanInterface, packet: Packet, to?: Sender): void;
  /** The label is ours from now on. */
  onNamed(label: string): void;
  /** Somebody else has that label; another is tried. */
  onConflict(label: string, from: string): void;
}

export class Responder {
  readonly #parts: ResponderParts;
  readonly #waiting = new Set<() => void>();
  #step: (() => void) | undefined;
  /** `waiting`: nothing was asked for that label yet. */
  #state: 'silent' | 'waiting' | 'probing' | 'named' = 'silent';
  #number = 1;
  /** When a record was last said on an interface; no more than we have. */
  #saidAt = new Map<string, number>();

  constructor(parts: ResponderParts) {
    this.#parts = parts;
  }

  /** E.g. `porchlight-2`. */
  get label(): string {
    return this.#number === 1 ? this.#parts.label : `${this.#parts.label}-${this.#number}`;
  }

  get isNamed(): boolean {
    return this.#state === 'named';
  }

  /** Begins, or begins anew: interfaces or addresses are others now. The label wished for is tried again. */
  start(): void {
    this.#cancelAll();
    this.#number = 1;
    this.#probe(this.#parts.random() * PROBE_MS);
  }

  /** Takes back what was said. */
  stop(): void {
    const wasNamed = this.isNamed;
    this.#cancelAll();
    this.#state = 'silent';
    if (!wasNamed) return;
    for (const lan of this.#parts.interfaces()) {
      this.#respond(
        lan,
        this.#records(lan).map((record) => ({ ...record, ttl: 0 })),
      );
    }
  }

  receive(on: LanInterface, packet: MdnsPacket, from: Sender): void {
    if (this.#state === 'silent' || this.#state === 'waiting') return;
    if (packet.isResponse) {
      const said = [...packet.answers, ...packet.additionals];
      if (isContested(said, this.#allRecords())) this.#lose(from.address);
      return;
    }
    if (this.#state === 'probing') {
      // Two that want the same name at the same time: the one whose records come later in order has it.
      if (comesAfter(packet.authorities, this.#allRecords())) {
        this.#cancelAll();
        this.#probe(LOST_MS);
      }
      return;
    }
    this.#answer(on, packet, from);
  }

  #records(lan: LanInterface): MdnsRecord[] {
    return recordsFor(this.label, this.#parts.services, lan);
  }

  #allRecords(): MdnsRecord[] {
    return this.#parts.interfaces().flatMap((lan) => this.#records(lan));
  }

  #probe(delay: number, sent = 0): void {
    if (sent === 0) this.#state = 'waiting';
    this.#later(delay, () => {
      this.#state = 'probing';
      if (sent === PROBES) return this.#announce();
      for (const lan of this.#parts.interfaces()) {
        const unique = this.#records(lan).filter(isUnique);
        const names = [...new Set(unique.map(({ name }) => name))];
        // The types of dns-packet leave ANY out.
        const questions = names.map((name) => ({ name, type: 'ANY' as RecordType }));
        const authorities = unique.map((record) => ({ ...record, flush: false }));
        this.#parts.send(lan, { type: 'query', questions, authorities });
      }
      this.#probe(PROBE_MS, sent + 1);
    });
  }

  #announce(said = 0): void {
    if (said === 0) {
      this.#state = 'named';
      this.#saidAt.clear();
      this.#parts.onNamed(this.label);
    }
    for (const lan of this.#parts.interfaces()) this.#respond(lan, this.#records(lan));
    if (said + 1 < ANNOUNCEMENTS) this.#later(ANNOUNCE_GAP_MS, () => this.#announce(said + 1));
  }

  /** A name that was ours is asked for anew; one that we only wished for is left to whoever has it. */
  #lose(to: string): void {
    this.#cancelAll();
    if (this.isNamed) {
      this.#probe(0);
      return;
    }
    this.#parts.onConflict(this.label, to);
    this.#number += 1;
    this.#probe(this.#number > CONFLICTS_MAX ? CONFLICT_PAUSE_MS : 0);
  }

  #answer(on: LanInterface, { id, questions, answers: known, authorities }: MdnsPacket, from: Sender): void {
    const records = this.#records(on);
    const found = new Set<MdnsRecord>();
    for (const question of questions) for (const each of answersTo(question, records)) found.add(each);
    const legacy = from.port !== MDNS_PORT;
    const wanted = [...found].filter((record) => legacy || !isKnownTo(record, known));
    if (wanted.length === 0) return;
    if (legacy) {
      const plain = wanted.map((record) => ({ ...record, flush: false, ttl: LEGACY_TTL }));
      const asked = questions.map(({ name, type }) => ({ name, type: type as RecordType }));
      this.#parts.send(
        on,
        { type: 'response', id, flags: AUTHORITATIVE_ANSWER, questions: asked, answers: plain },
        from,
      );
      return;
    }
    if (questions.every(({ unicast }) => unicast)) {
      this.#respond(on, wanted, records, from);
      return;
    }
    // A probe for a name of ours is answered in any case, else the name is lost.
    const now = this.#parts.clock.monotonic();
    const due = wanted.filter((record) => authorities.length > 0 || !this.#wasSaid(on, record, now));
    if (due.length === 0) return;
    for (const record of due) this.#saidAt.set(saidAs(on, record), now);
    if (due.every(isUnique)) this.#respond(on, due, records);
    else {
      const delay = SHARED_DELAY_MS + this.#parts.random() * SHARED_SPREAD_MS;
      this.#after(delay, () => this.#respond(on, due, records));
    }
  }

  #wasSaid(on: LanInterface, record: MdnsRecord, now: number): boolean {
    const at = this.#saidAt.get(saidAs(on, record));
    return at !== undefined && now - at < AGAIN_MS;
  }

  /** `own`: where to look for what belongs to the answers, and saves another question. */
  #respond(on: LanInterface, answers: MdnsRecord[], own: readonly MdnsRecord[] = [], to?: Sender): void {
    const additionals = own.filter((record) => belongsTo(record, answers) && !answers.includes(record));
    this.#parts.send(on, { type: 'response', flags: AUTHORITATIVE_ANSWER, answers, additionals }, to);
  }

  /** The one thing that comes next. */
  #later(ms: number, call: () => void): void {
    this.#step = this.#parts.clock.after(ms, call);
  }

  #after(ms: number, call: () => void): void {
    const cancel = this.#parts.clock.after(ms, () => {
      this.#waiting.delete(cancel);
      call();
    });
    this.#waiting.add(cancel);
  }

  #cancelAll(): void {
    this.#step?.();
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
  }
}

function answersTo({ name, type }: MdnsQuestion, records: readonly MdnsRecord[]): MdnsRecord[] {
  const ofName = records.filter((record) => isSameName(record.name, name));
  if (type === 'ANY') return ofName;
  const found = ofName.filter((record) => record.type === type);
  if (found.length > 0 || !ofName.some(isUnique)) return found;
  return [nothingElse(ofName[0]?.name ?? name, ofName)];
}

/** §7.1: who asks has it already, for at least half of its life. */
function isKnownTo(record: MdnsRecord, known: readonly MdnsRecord[]): boolean {
  return known.some((each) => (each.ttl ?? 0) * 2 >= (record.ttl ?? 0) && isSameRecord(each, record));
}

/** RFC 6763 §12: with an instance its port and text, with those the addresses. */
function belongsTo(record: MdnsRecord, answers: readonly MdnsRecord[]): boolean {
  if (!isUnique(record)) return false;
  const named = answers.some(({ type, data }) => type === 'PTR' && data === record.name);
  const isAddress = record.type === 'A' || record.type === 'AAAA';
  return (
    named ||
    (isAddress &&
      answers.some(({ type }) => type === 'PTR' || type === 'SRV' || type === 'A' || type === 'AAAA'))
  );
}

function saidAs({ name }: LanInterface, record: MdnsRecord): string {
  return `${name} ${kindOf(record)} ${JSON.stringify(record.data)}`;
}
