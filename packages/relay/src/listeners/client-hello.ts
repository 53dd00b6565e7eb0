/** Bytes looked at for a ClientHello: those of today, with post-quantum key shares, have about 2 KB. */
export const HELLO_MAX = 16 * 1024;
/** RFC 8446 §5.1. */
const RECORD_MAX = 2 ** 14;
/** Clients that split the message at all do it into two or three. */
const RECORDS_MAX = 64;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;
/** RFC 1035 §2.3.4. */
const NAME_MAX = 255;

export type HelloParse =
  /** Nothing is known before there are so many bytes in all. */
  | { readonly kind: 'more'; readonly need: number }
  /** Nothing that a TLS server would go on with, or too large. */
  | { readonly kind: 'other' }
  /** `serverName` in lower case, as it was sent; undefined: the client named none. */
  | { readonly kind: 'hello'; readonly serverName: string | undefined };

const OTHER: HelloParse = { kind: 'other' };

/**
 * Reads the server name out of the first bytes of a TLS connection: a ClientHello (RFC 8446 §4.1.2) in one or more
 * records (§5.1), with its `server_name` extension (RFC 6066 §3). With Encrypted Client Hello that is the outer name.
 *
 *     record     type(1)=22 version(2) length(2)  fragment …
 *     handshake  type(1)=1 length(3)  version(2) random(32) session<1> suites<2> compression<1> extensions<2>
 */
export function parseClientHello(bytes: Buffer): HelloParse {
  const fragments: Buffer[] = [];
  let at = 0;
  let have = 0;
  /** Of the message with its head of four bytes, which may come in more than one record too. */
  let length: number | undefined;
  while (length === undefined || have < length) {
    if (fragments.length === RECORDS_MAX || at > HELLO_MAX) return OTHER;
    if (!startsRight(bytes, at)) return OTHER;
    if (bytes.length < at + 5) return more(at + 5);
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (end === at + 5 || end > at + 5 + RECORD_MAX) return OTHER;
    const fragment = bytes.subarray(at + 5, end);
    fragments.push(fragment);
    have += fragment.length;
    if (fragments[0]?.[0] !== undefined && fragments[0][0] !== CLIENT_HELLO) return OTHER;
    if (bytes.length < end) return more(end);
    if (length === undefined && have >= 4) length = 4 + Buffer.concat(fragments).readUIntBE(1, 3);
    if (length !== undefined && length > HELLO_MAX) return OTHER;
    at = end;
  }
  const message = fragments.length === 1 ? (fragments[0] ?? Buffer.alloc(0)) : Buffer.concat(fragments);
  return parseBody(new Reader(message.subarray(4, 4 + message.readUIntBE(1, 3))));
}

function more(need: number): HelloParse {
  return need > HELLO_MAX ? OTHER : { kind: 'more', need };
}

/** Whether what there is of a record's head fits. */
function startsRight(bytes: Buffer, at: number): boolean {
  const type = bytes[at];
  const major = bytes[at + 1];
  return (type === undefined || type === HANDSHAKE) && (major === undefined || major === 3);
}

function parseBody(body: Reader): HelloParse {
  body.skip(2 + 32);
  body.block(1);
  body.block(2);
  body.block(1);
  if (body.failed) return OTHER;
  // A ClientHello may end here (RFC 5246 §7.4.1.2).
  if (body.left === 0) return { kind: 'hello', serverName: undefined };
  const extensions = body.block(2);
  if (body.failed || body.left > 0) return OTHER;
  let name: string | undefined;
  let named = false;
  while (extensions.left > 0) {
    const type = extensions.number(2);
    const data = extensions.block(2);
    if (extensions.failed) return OTHER;
    if (type !== SERVER_NAME) continue;
    // Twice the same extension is an error (RFC 8446 §4.2), and no choice between two names.
    if (named) return OTHER;
    named = true;
    name = parseNames(data);
    if (name === undefined) return OTHER;
  }
  return { kind: 'hello', serverName: name };
}

/** The one host name of a list. */
function parseNames(data: Reader): string | undefined {
  const list = data.block(2);
  const type = list.number(1);
  const name = list.block(2).rest();
  if (data.failed || list.failed || data.left > 0 || list.left > 0 || type !== HOST_NAME) return undefined;
  const text = name.toString('latin1');
  return name.length <= NAME_MAX && /^[\x21-\x7e]+$/.test(text) ? text.toLowerCase() : undefined;
}

/** Reads numbers and blocks one behind the other; `failed` once there was less than asked for. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #failed = false;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get failed(): boolean {
    return this.#failed;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  skip(count: number): void {
    if (count > this.left) this.#failed = true;
    this.#at = Math.min(this.#bytes.length, this.#at + count);
  }

  number(size: 1 | 2): number {
    const start = this.#at;
    this.skip(size);
    return this.#failed ? 0 : this.#bytes.readUIntBE(start, size);
  }

  /** What a length of `size` bytes announces. */
  block(size: 1 | 2): Reader {
    const length = this.number(size);
    const start = this.#at;
    this.skip(length);
    return new Reader(this.#failed ? Buffer.alloc(0) : this.#bytes.subarray(start, start + length));
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.#at);
  }
}
