/**
 * Who may publish, subscribe and receive what. Pure: an identity is a list of prefixes that it owns, and nothing
 * outside them exists for it. Topics are compared as they come, code unit by code unit: no case folding, no Unicode
 * normalisation, so that nothing can be made to look like somebody else's prefix.
 */

/** A topic name or filter, in bytes of UTF-8. MQTT allows 65 535; real ones stay below a tenth of this. */
export const TOPIC_BYTES_MAX = 512;
/** Levels of a topic. Each costs work when a message is matched. */
export const TOPIC_LEVELS_MAX = 32;

/**
 * NUL must end the connection (MQTT 3.1.1 [MQTT-1.5.3-2]), other control characters and non-characters may
 * (§1.5.3). U+FFFD is what ill-formed UTF-8 was decoded to ([MQTT-1.5.3-1]).
 */
const UNFIT = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\uFFFD]/u;
const UTF8 = new TextEncoder();

/** May a message with this topic name be published by who owns these prefixes? */
export function mayPublish(prefixes: readonly string[], topic: string): boolean {
  if (/[+#]/.test(topic) || !isFit(topic)) return false;
  return prefixes.some((prefix) => topic.startsWith(prefix));
}

/**
 * May who owns these prefixes subscribe to this filter? Wildcards stand below one prefix of its own only: `#` as the
 * last level, `+` as a whole one.
 */
export function maySubscribe(prefixes: readonly string[], filter: string): boolean {
  if (!isFit(filter)) return false;
  const own = prefixes.find((prefix) => filter.startsWith(prefix));
  if (own === undefined) return false;
  const levels = filter.slice(own.length).split('/');
  return levels.every(
    (level, at) => level === '+' || (level === '#' && at === levels.length - 1) || !/[+#]/.test(level),
  );
}

/** May a message with this topic name be handed to who owns these prefixes? Asked again for each message. */
export function mayReceive(prefixes: readonly string[], topic: string): boolean {
  return prefixes.some((prefix) => topic.startsWith(prefix));
}

/** Does a topic name match a filter (MQTT 3.1.1 §4.7)? Both are legal; `a/#` is for `a` too (§4.7.1.2). */
export function matches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (const [at, level] of wanted.entries()) {
    if (level === '#') return true;
    if (at >= levels.length || (level !== '+' && level !== levels[at])) return false;
  }
  return wanted.length === levels.length;
}

/** The part of a filter before its first wildcard level: every topic that matches begins with it. */
export function literalPart(filter: string): string {
  const at = filter.search(/[+#]/);
  return at < 0 ? filter : filter.slice(0, at);
}

function isFit(topic: string): boolean {
  // A code unit of UTF-16 takes three bytes of UTF-8 at most.
  if (topic.length > TOPIC_BYTES_MAX) return false;
  if (topic.length * 3 > TOPIC_BYTES_MAX && UTF8.encode(topic).length > TOPIC_BYTES_MAX) return false;
  if (UNFIT.test(topic)) return false;
  const levels = topic.split('/');
  return levels.length <= TOPIC_LEVELS_MAX && !levels.includes('');
}
