import type { Rate } from '../rates.ts';

/** What the LAN's broker takes on, each with its reason; a house of sensors stays far below. */

/** Longest packet, in bytes: sensors send numbers, and a program a page of JSON. */
export const PACKET_BYTES_MAX = 64 * 1024;
/** Longest CONNECT, before anybody has proven anything. */
export const CONNECT_BYTES_MAX = 2 * 1024;
/** Time for a CONNECT, in ms: slow WiFi, not slow attackers. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** Characters of a client id (MQTT 3.1.1 §3.1.3.1 asks for 23 at least). */
export const CLIENT_ID_MAX = 128;
/** Connections in all; each costs some 30 kB. */
export const CONNECTIONS_MAX = 600;
/** Connections of one address that have not signed in. */
export const STRANGERS_PER_ADDRESS_MAX = 8;
/** Live connections: a device has one, and an old one that is not noticed to be gone; a program a few. */
export const CONNECTIONS_OF = { device: 4, user: 20 } as const;
/** Filters of one connection: each is tried for each message that its owner gets. */
export const SUBSCRIPTIONS_OF = { device: 20, user: 500 } as const;
/** Messages published: what comes faster waits, and TCP makes its sender wait. */
export const PUBLISH_RATE_OF = {
  device: { burst: 200, refillMs: 20 },
  user: { burst: 2_000, refillMs: 2 },
} as const satisfies Record<string, Rate>;
/** Packets of one connection of any kind, pings too: no client that means well comes near. */
export const PACKET_RATE: Rate = { burst: 2_000, refillMs: 2 };
/** Retained messages: the inputs of a device; what programs leave for devices. */
export const RETAINED_OF = { device: 100, user: 1_000 } as const;
/** Bytes of one retained message: they stay in memory. */
export const RETAINED_BYTES_MAX = 4 * 1024;
/** QoS 2 messages of one connection that wait for its PUBREL. */
export const INCOMING_MAX = 20;
/** Bytes that wait because a client does not read; what comes then is not for it. */
export const UNREAD_BYTES_MAX = 4 * PACKET_BYTES_MAX;
/** A client that does not read at all for so long is ended, in ms. */
export const DRAIN_TIMEOUT_MS = 30_000;
/** Wrong passwords from one address: devices' have 144 bits, people's programs less. */
export const SIGN_IN_TRIES: Rate = { burst: 20, refillMs: 10_000 };
/** Passwords of programs that are being checked at the same time: each takes 16 MB and 50 ms. */
export const CHECKS_MAX = 4;
/** Lines in the log about one client or address: ten, then one a minute. */
export const LOG_LINES: Rate = { burst: 10, refillMs: 60_000 };
