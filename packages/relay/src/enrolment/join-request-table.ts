import { joinCode, PorchlightError, parseJoinCode, toDeviceName } from '@porchlight/protocol';
import type { JoinRequest } from '@porchlight/protocol/api';
import type { NewAuditEntry } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceRecord, DeviceStore } from '../devices/index.ts';
import type { EventBus } from '../events.ts';
import { newId } from '../secrets.ts';
import { addressKey } from '../token-buckets.ts';
import { Denials } from './denials.ts';
import type { JoinRequests, JoinRequestViewer } from './join-requests.ts';

/** A person has this long to press Allow. */
export const JOIN_REQUEST_LIFE_MS = 10 * 60_000;

export type JoinAnswer =
  | { readonly kind: 'allowed'; readonly device: DeviceRecord }
  | { readonly kind: 'denied' }
  | { readonly kind: 'expired' }
  /** The same key asked again over another connection, which gets the answer. */
  | { readonly kind: 'replaced' };

export interface JoinAsk {
  readonly fingerprint: string;
  readonly publicKey: string;
  /** Proposed name, as the device sent it. */
  readonly name: string;
  /** The account to ask; undefined: nobody was named, or there is no such account. */
  readonly accountId: string | undefined;
  readonly address: string;
  readonly software: string;
  readonly onAnswer: (answer: JoinAnswer) => void;
}

export type JoinAsked =
  | { readonly kind: 'waiting'; readonly code: string; readonly expiresAt: number; withdraw(): void }
  | { readonly kind: 'refused'; readonly why: 'denied' | 'too-many' };

interface Pending {
  readonly request: JoinRequest;
  readonly accountId: string | undefined;
  readonly publicKey: string;
  /** Somebody has pressed Allow, and the device is being made: nobody else can answer meanwhile. */
  answering: boolean;
  onAnswer: ((answer: JoinAnswer) => void) | undefined;
  readonly cancelExpiry: () => void;
}

export interface JoinRequestTableParts {
  readonly devices: Pick<DeviceStore, 'insert' | 'byFingerprint' | 'count'>;
  readonly audit: { append(entry: NewAuditEntry): void };
  readonly events: EventBus;
  readonly clock: Clock;
  readonly relayFingerprint: string;
  readonly limits: {
    readonly perAddress: number;
    readonly inAll: number;
    readonly devicesPerAccount: number;
  };
}

/** The join requests of this relay process: live memory, since each belongs to a connection that waits. */
export class JoinRequestTable implements JoinRequests {
  readonly #parts: JoinRequestTableParts;
  readonly #pending = new Map<string, Pending>();
  readonly #denials: Denials;

  constructor(parts: JoinRequestTableParts) {
    this.#parts = parts;
    this.#denials = new Denials(parts.clock);
  }

  /** An unknown key asks. The same key asking again keeps its request; only who is told the answer changes. */
  async ask(ask: JoinAsk): Promise<JoinAsked> {
    const { clock, events, audit, limits } = this.#parts;
    const code = await joinCode(ask.fingerprint, this.#parts.relayFingerprint);
    if (this.#denials.has(ask.fingerprint)) return { kind: 'refused', why: 'denied' };
    const known = this.#byFingerprint(ask.fingerprint);
    if (known !== undefined) {
      known.onAnswer?.({ kind: 'replaced' });
      known.onAnswer = ask.onAnswer;
      known.request.connected = true;
      events.publish({ type: 'join-request', accountId: known.accountId, request: known.request });
      return this.#waiting(known);
    }
    const fromHere = [...this.#pending.values()].filter(
      (other) => addressKey(other.request.address) === addressKey(ask.address),
    ).length;
    if (fromHere >= limits.perAddress || this.#pending.size >= limits.inAll) {
      return { kind: 'refused', why: 'too-many' };
    }
    const id = newId();
    const request: JoinRequest = {
      id,
      code,
      name: toDeviceName(ask.name) ?? 'device',
      address: ask.address,
      fingerprint: ask.fingerprint,
      software: ask.software,
      askedAt: clock.now(),
      expiresAt: clock.now() + JOIN_REQUEST_LIFE_MS,
      connected: true,
    };
    const pending: Pending = {
      request,
      accountId: ask.accountId,
      publicKey: ask.publicKey,
      answering: false,
      onAnswer: ask.onAnswer,
      cancelExpiry: clock.after(JOIN_REQUEST_LIFE_MS, () => this.#expire(id)),
    };
    this.#pending.set(id, pending);
    audit.append({
      accountId: ask.accountId,
      at: clock.now(),
      actor: 'relay',
      action: 'join-request.received',
      target: request.name,
      address: ask.address,
      detail: { fingerprint: ask.fingerprint },
    });
    events.publish({ type: 'join-request', accountId: ask.accountId, request });
    return this.#waiting(pending);
  }

  list(viewer: JoinRequestViewer): JoinRequest[] {
    return [...this.#pending.values()].filter((one) => this.#sees(viewer, one)).map((one) => one.request);
  }

  findByCode(viewer: JoinRequestViewer, code: string): JoinRequest | undefined {
    const wanted = parseJoinCode(code);
    if (wanted === undefined) return undefined;
    for (const one of this.#pending.values()) {
      if (one.request.code === wanted && this.#mayAnswer(viewer, one)) return one.request;
    }
    return undefined;
  }

  async allow(
    viewer: JoinRequestViewer,
    requestId: string,
    as: { code: string; name: string; tags: readonly string[] },
  ): Promise<DeviceRecord> {
    const pending = this.#answerable(viewer, requestId, as.code);
    pending.answering = true;
    try {
      const device = await this.#makeDevice(viewer, pending, as);
      this.#end(requestId, { kind: 'allowed', device }, 'allowed');
      return device;
    } finally {
      pending.answering = false;
      // Its time may have come while the device could not be made after all.
      if (pending.request.expiresAt <= this.#parts.clock.now()) this.#expire(requestId);
    }
  }

  async #makeDevice(
    viewer: JoinRequestViewer,
    pending: Pending,
    as: { name: string; tags: readonly string[] },
  ): Promise<DeviceRecord> {
    const { devices, audit, clock, events, limits } = this.#parts;
    if ((await devices.count(viewer.accountId)) >= limits.devicesPerAccount) {
      throw new PorchlightError(
        'forbidden',
        `The account has its ${limits.devicesPerAccount} devices already`,
      );
    }
    await devices.insert({
      id: newId(),
      accountId: viewer.accountId,
      name: as.name,
      tags: as.tags,
      fingerprint: pending.request.fingerprint,
      publicKey: pending.publicKey,
      createdAt: clock.now(),
    });
    const device = await devices.byFingerprint(pending.request.fingerprint);
    if (device === undefined)
      throw new PorchlightError('internal', 'The device vanished while it was being let in');
    const about = { deviceId: device.id, target: device.name, address: viewer.address };
    const detail = { fingerprint: device.fingerprint, from: pending.request.address };
    for (const action of ['join-request.allowed', 'device.joined'] as const) {
      audit.append({
        accountId: viewer.accountId,
        at: clock.now(),
        actor: viewer.accountName,
        action,
        ...about,
        detail,
      });
    }
    events.publish({ type: 'device-changed', accountId: device.accountId, deviceId: device.id });
    return device;
  }

  async deny(viewer: JoinRequestViewer, requestId: string, code: string): Promise<void> {
    const pending = this.#answerable(viewer, requestId, code);
    const { audit, clock } = this.#parts;
    this.#denials.add(pending.request.fingerprint);
    audit.append({
      accountId: viewer.accountId,
      at: clock.now(),
      actor: viewer.accountName,
      action: 'join-request.denied',
      target: pending.request.name,
      address: viewer.address,
      detail: { fingerprint: pending.request.fingerprint, from: pending.request.address },
    });
    this.#end(requestId, { kind: 'denied' }, 'denied');
  }

  /** Ends all of them, without an answer: the relay is going away. */
  close(): void {
    for (const pending of this.#pending.values()) pending.cancelExpiry();
    this.#pending.clear();
  }

  #waiting(pending: Pending): JoinAsked {
    const { onAnswer } = pending;
    return {
      kind: 'waiting',
      code: pending.request.code,
      expiresAt: pending.request.expiresAt,
      withdraw: () => {
        // Another connection of the same key may have taken over meanwhile.
        if (pending.onAnswer !== onAnswer || !this.#pending.has(pending.request.id)) return;
        pending.onAnswer = undefined;
        pending.request.connected = false;
        this.#parts.events.publish({
          type: 'join-request',
          accountId: pending.accountId,
          request: pending.request,
        });
      },
    };
  }

  #expire(id: string): void {
    if (this.#pending.get(id)?.answering === false) this.#end(id, { kind: 'expired' }, 'expired');
  }

  #end(id: string, answer: JoinAnswer, outcome: 'allowed' | 'denied' | 'expired'): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.cancelExpiry();
    this.#parts.events.publish({
      type: 'join-request-ended',
      accountId: pending.accountId,
      requestId: id,
      outcome,
    });
    pending.onAnswer?.(answer);
  }

  #byFingerprint(fingerprint: string): Pending | undefined {
    for (const one of this.#pending.values()) if (one.request.fingerprint === fingerprint) return one;
    return undefined;
  }

  /** Listed without a code. */
  #sees(viewer: JoinRequestViewer, pending: Pending): boolean {
    return pending.accountId === viewer.accountId || (pending.accountId === undefined && viewer.admin);
  }

  #mayAnswer(viewer: JoinRequestViewer, pending: Pending): boolean {
    return pending.accountId === undefined || pending.accountId === viewer.accountId;
  }

  #answerable(viewer: JoinRequestViewer, requestId: string, code: string): Pending {
    const pending = this.#pending.get(requestId);
    if (
      pending === undefined ||
      pending.answering ||
      !this.#mayAnswer(viewer, pending) ||
      pending.request.code !== parseJoinCode(code)
    ) {
      throw new PorchlightError('not_found', 'There is no such join request; it may have ended');
    }
    return pending;
  }
}
