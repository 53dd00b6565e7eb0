import { randomFillSync } from 'node:crypto';
import crypto from 'ssh2/lib/protocol/crypto.js';

/** Random bytes drawn at once; a packet takes 4 to 19 of them. */
const POOL_BYTES = 64 * 1024;
const PADDING_MIN = 4;
const PADDING_MAX = 19;
/** Of AES-GCM (RFC 5647 §7.2). */
const BLOCK_BYTES = 16;
const TAG_BYTES = 16;

const pool = Buffer.alloc(POOL_BYTES);
let next = POOL_BYTES;
let pooled = false;

/**
 * Takes the random padding of packets (RFC 4253 §6) from a pool, from now on and for every connection: ssh2 asks
 * OpenSSL for a few bytes with each packet, which is a tenth of what a small answer costs an agent. For ssh2's native
 * AES-GCM cipher, the first choice of both ends. Idempotent.
 */
export function poolPacketPadding(): void {
  if (pooled || !crypto.bindingAvailable) return;
  pooled = true;
  nativeGcmPrototype().allocPacket = allocPacket;
}

/** A packet without its payload: length, padding length, room, padding (RFC 4253 §6), and room for the tag. */
function allocPacket(payload: number): Buffer {
  // The length itself is authenticated, not encrypted, and does not count for the block size (RFC 5647 §7.2).
  let padding = BLOCK_BYTES - ((1 + payload) % BLOCK_BYTES);
  if (padding < PADDING_MIN) padding += BLOCK_BYTES;
  const length = 1 + payload + padding;
  const packet = Buffer.allocUnsafe(4 + length + TAG_BYTES);
  packet.writeUInt32BE(length, 0);
  packet[4] = padding;
  if (next + PADDING_MAX > POOL_BYTES) {
    randomFillSync(pool);
    next = 0;
  }
  pool.copy(packet, 5 + payload, next, next + padding);
  next += padding;
  return packet;
}

/** ssh2 does not export the class of its native cipher: one is made, and looked at. */
export function nativeGcmPrototype(): { allocPacket(payload: number): Buffer } {
  const cipher = crypto.createCipher({
    outbound: {
      seqno: 0,
      onWrite: () => undefined,
      cipherInfo: crypto.CIPHER_INFO['aes128-gcm@openssh.com'],
      cipherKey: Buffer.alloc(16),
      cipherIV: Buffer.alloc(12),
    },
  });
  cipher.free();
  return Object.getPrototypeOf(cipher) as { allocPacket(payload: number): Buffer };
}
