import { createHash, type KeyObject, randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../log/index.ts';
import { json, type LanAnswer, type LanCall, type LanRoute } from '../lan-http/index.ts';
import type { LanRequest, LanRequests } from '../requests/index.ts';
import {
  codeOf,
  createSide,
  hasSigned,
  keepsCommitment,
  type Shown,
  type Side,
  seal,
  sealingKey,
  signTranscript,
  transcriptOf,
} from './handshake.ts';
import { type Handover, hello, reveal } from './messages.ts';

const PATH = /^\/porchlight\/lan\/v1\/join(?:\/([A-Za-z0-9_-]{22}))?$/;
/** Key agreements under way: as many requests as can wait, and as many that have only begun. */
const SESSIONS_MAX = 400;
const SESSIONS_PER_ADDRESS_MAX = 16;
/** A device shows its keys at once, and then asks every few seconds. */
const BEGUN_MS = 30_000;
const ASKING_MS = 60_000;

interface Session {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  /** Our own address, as the device reached us. */
  readonly host: string;
  readonly commitment: Buffer;
  readonly side: Side;
  seenAt: number;
  /** Since the device has shown its keys. */
  agreed?: { readonly device: Shown; readonly transcript: Buffer; readonly answer: string };
}

export interface LanJoinsParts {
  readonly requests: LanRequests;
  /** The base station's lasting Ed25519 key. */
  readonly identity: KeyObject;
  readonly clock: Clock;
  readonly logger: Logger;
  hardwareAddressOf(address: string): Promise<string | undefined>;
}

/** Porchlight's own way in for WiFi devices; the wire is in docs/reference/lan-join.md. */
export class LanJoins {
  readonly #parts: LanJoinsParts;
  readonly #sessions = new Map<string, Session>();

  constructor(parts: LanJoinsParts) {
    this.#parts = parts;
  }

  /** Key agreements that are held now. */
  get size(): number {
    return this.#sessions.size;
  }

  readonly route: LanRoute = async (call) => {
    const [path, id] = PATH.exec(call.path) ?? [];
    if (path === undefined) return undefined;
    this.#drop();
    if (id === undefined)
      return call.method === 'POST' ? this.#begin(call) : json(405, { error: 'POST only' });
    switch (call.method) {
      case 'PUT':
        return this.#reveal(id, call);
      case 'GET':
        return this.#look(id);
      case 'DELETE':
        return this.#fetched(id);
      default:
        return json(405, { error: 'PUT, GET or DELETE' });
    }
  };

  /** What a request's device gets, encrypted to its key; undefined: it has gone, or never showed a key. */
  seal(
    request: LanRequest,
    makeHandover: (host: string) => Handover,
  ): { sealed: string; ticket: string } | undefined {
    const session = [...this.#sessions.values()].find((one) => askerOf(one) === request.asker);
    if (session?.agreed === undefined || codeOf(session.agreed.transcript) !== request.code) return undefined;
    const { device, transcript } = session.agreed;
    const key = sealingKey(session.side, device.ephemeral, transcript);
    const sealed = seal(key, transcript, Buffer.from(JSON.stringify(makeHandover(session.host))));
    return { sealed: sealed.toString('base64url'), ticket: ticketOf(session.id) };
  }

  #begin({ body, address, host }: LanCall): LanAnswer {
    const read = parse(hello, body);
    if ('error' in read) return json(400, read);
    const ofAddress = [...this.#sessions.values()].filter((one) => one.address === address).length;
    if (this.#sessions.size >= SESSIONS_MAX || ofAddress >= SESSIONS_PER_ADDRESS_MAX) {
      return {
        ...json(503, { error: 'too many devices ask; try again later' }),
        headers: { 'Retry-After': '30' },
      };
    }
    const side = createSide(this.#parts.identity);
    const id = randomBytes(16).toString('base64url');
    const { name, commitment } = read.value;
    const seenAt = this.#parts.clock.monotonic();
    this.#sessions.set(id, { id, name, address, host, commitment, side, seenAt });
    return json(201, { id, base: encoded(side.shown) });
  }

  async #reveal(id: string, { body, address }: LanCall): Promise<LanAnswer> {
    const session = this.#sessions.get(id);
    if (session === undefined) return gone();
    const read = parse(reveal, body);
    if ('error' in read) return json(400, read);
    const { signature, ...device } = read.value;
    const { commitment, name, side } = session;
    const transcript = transcriptOf({ name, commitment, base: side.shown, device });
    if (session.agreed !== undefined) {
      // Its answer may have been lost on the way.
      if (session.agreed.transcript.equals(transcript))
        return json(200, { signature: session.agreed.answer });
      return json(409, { error: 'other keys were shown before' });
    }
    if (!keepsCommitment(commitment, device) || !this.#isSound(session, device, transcript, signature)) {
      this.#sessions.delete(id);
      this.#parts.logger.warn(
        { address, name },
        'a device showed keys that it does not hold or had not committed to',
      );
      return json(403, { error: 'the keys do not fit the commitment or the signature' });
    }
    const answer = signTranscript('base', side.identity, transcript).toString('base64url');
    session.agreed = { device, transcript, answer };
    // One key agreement for each device: an older one of the same key is over.
    for (const other of this.#sessions.values()) {
      if (other !== session && askerOf(other) === askerOf(session)) this.#sessions.delete(other.id);
    }
    const outcome = await this.#ask(session, await this.#parts.hardwareAddressOf(address));
    return outcome ?? json(200, { signature: answer });
  }

  #isSound({ side }: Session, device: Shown, transcript: Buffer, signature: Buffer): boolean {
    try {
      sealingKey(side, device.ephemeral, transcript); // an ephemeral key without a secret in it throws
      return hasSigned('device', device.key, transcript, signature);
    } catch {
      return false;
    }
  }

  async #look(id: string): Promise<LanAnswer> {
    const allowed = this.#parts.requests.byTicket(ticketOf(id));
    if (allowed !== undefined) return json(200, { state: 'allowed', sealed: allowed.sealed });
    const session = this.#sessions.get(id);
    if (session?.agreed === undefined) return gone();
    session.seenAt = this.#parts.clock.monotonic();
    return (await this.#ask(session, undefined)) ?? json(200, { state: 'waiting' });
  }

  /** The device has stored what it got: nobody can fetch it again. */
  async #fetched(id: string): Promise<LanAnswer> {
    const allowed = this.#parts.requests.byTicket(ticketOf(id));
    this.#sessions.delete(id);
    if (allowed !== undefined) await this.#parts.requests.take(allowed.id);
    return { status: 204, type: 'application/json', body: '' };
  }

  /** Undefined: it waits for a person. */
  async #ask(session: Session, mac: string | undefined): Promise<LanAnswer | undefined> {
    const { requests, logger } = this.#parts;
    const { name, address, agreed } = session;
    if (agreed === undefined) return gone();
    const code = codeOf(agreed.transcript);
    const asking = { asker: askerOf(session), way: 'porchlight' as const, name, address, mac, code };
    const asked = requests.ask(asking);
    if (asked.kind === 'allowed') {
      // What was allowed is sealed for an earlier key agreement, which the device has lost.
      await requests.take(asked.allowance.id);
      return this.#ask(session, mac);
    }
    if (asked.kind === 'denied') {
      this.#sessions.delete(session.id);
      return json(200, { state: 'denied' });
    }
    if (asked.kind === 'full') {
      return {
        ...json(503, { error: 'too many devices ask; try again later' }),
        headers: { 'Retry-After': '30' },
      };
    }
    if (asked.isNew) logger.info({ name, address, code }, 'a device asks to be let in');
    return undefined;
  }

  #drop(): void {
    const now = this.#parts.clock.monotonic();
    for (const { id, seenAt, agreed } of this.#sessions.values()) {
      if (now - seenAt >= (agreed === undefined ? BEGUN_MS : ASKING_MS)) this.#sessions.delete(id);
    }
  }
}

function askerOf({ id, agreed }: Session): string {
  return agreed === undefined ? `begun ${id}` : `key ${agreed.device.key.toString('base64url')}`;
}

function ticketOf(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

function encoded({ key, ephemeral, nonce }: Shown): Record<keyof Shown, string> {
  const text = (bytes: Buffer) => bytes.toString('base64url');
  return { key: text(key), ephemeral: text(ephemeral), nonce: text(nonce) };
}

function gone(): LanAnswer {
  return json(404, { error: 'there is no such key agreement any more; begin a new one' });
}

function parse<S extends z.ZodType>(schema: S, body: Buffer): { value: z.output<S> } | { error: string } {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return { error: 'the body is no JSON' };
  }
  const read = schema.safeParse(value);
  if (read.success) return { value: read.data };
  const [issue] = read.error.issues;
  return { error: `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim() };
}
