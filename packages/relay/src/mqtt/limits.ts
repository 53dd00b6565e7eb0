import type { Rate } from '../token-buckets.ts';

/** What the broker takes on, each with its reason; beyond it the protocol's own means answer, and a line in the log. */

/** Longest packet, in bytes: ten thousand points of a feed as JSON are 250 kB, and original clients send one message. */
export const PACKET_BYTES_MAX = 1024 * 1024;
/** Longest CONNECT, before anybody has proven anything: client id, will, name and password need a few hundred bytes. */
export const CONNECT_BYTES_MAX = 16 * 1024;
/** Time for a CONNECT, in ms. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** Characters of a client id (MQTT 3.1.1 §3.1.3.1 asks for 23 at least). */
export const CLIENT_ID_MAX = 128;
/** Live connections of one account by its own password, of one app password, and of one device: a fleet has devices. */
export const CONNECTIONS_MAX = 50;
/** Subscriptions of one connection, and filters in one packet: each is tried for each message of its owner. */
export const SUBSCRIPTIONS_MAX = 100;
/** Filters that one identity subscribes to: each reads what is retained. What comes faster waits. */
export const SUBSCRIBE_RATE: Rate = { capacity: 500, refillMs: 20 };
/** Sessions kept for one identity: each may hold a whole queue. */
export const KEPT_SESSIONS_MAX = 50;
/** Messages that wait for one kept session; what comes after is not kept for it. As mosquitto's default. */
export const QUEUE_MAX = 1_000;
/** Bytes that wait for all kept sessions of one account: a disk is shared, and one message may wait for hundreds. */
export const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
/** A kept session whose client has not come for so long is forgotten. */
export const SESSION_LIFE_MS = 14 * 24 * 3600_000;
/** Retained messages of one account. */
export const RETAINED_MAX = 1_000;
/** Bytes of an account's retained messages: last values, no files. */
export const RETAINED_BYTES_MAX = 16 * 1024 * 1024;
/** Subscribers to whom what is retained below one owner's prefix is read at the same time; others wait. */
export const RETAINED_READERS_MAX = 4;
/** QoS 2 messages of one connection that wait for its PUBREL. */
export const INCOMING_MAX = 100;
/** Bytes that wait because a client does not read: four of the longest packets. */
export const UNREAD_BYTES_MAX = 4 * PACKET_BYTES_MAX;
/** A client that does not read at all for so long is ended, in ms. */
export const DRAIN_TIMEOUT_MS = 30_000;
/** Messages that one identity publishes: what comes faster waits, and TCP makes its sender wait. */
export const PUBLISH_RATE: Rate = { capacity: 5_000, refillMs: 1 };
/** Packets of one connection of any kind, pings too: no client that means well comes near. */
export const PACKET_RATE: Rate = { capacity: 20_000, refillMs: 0.1 };
/** Wrong tokens from one address: they have 256 bits, this only bounds the work. */
export const TOKEN_TRIES: Rate = { capacity: 20, refillMs: 10_000 };
/** Writes that wait for a database that does not answer, in all; who publishes then is told to come back. */
export const WRITES_WAITING_MAX = 20_000;
