import type { AccessEntry } from './access-entry.ts';
import { maskSecrets } from './mask-query.ts';

/** Longest of each text in a line, in characters; a head may have 16 KiB. */
const TARGET_MAX = 4_000;
const REFERER_MAX = 2_000;
const AGENT_MAX = 500;
const NAME_MAX = 256;

/** One line of the log, with its newline: printable ASCII only, whatever the visitor sent. */
export type LineFormat = (entry: AccessEntry) => string;

/**
 * The "combined" format of the Apache and NCSA servers, and behind it what it lacks: the host and the seconds taken.
 * Quotes, backslashes and whatever is not printable ASCII are escaped as Apache does (`\"`, `\\`, `\xhh`).
 */
export const combinedLine: LineFormat = (entry) => {
  const { method, status, bytes, httpVersion } = entry;
  const request = `${escaped(method, NAME_MAX)} ${escaped(maskSecrets(entry.target), TARGET_MAX)} HTTP/${httpVersion}`;
  const user = entry.user === undefined ? '-' : escapedWord(utf8Bytes(entry.user));
  const referer = entry.referer === undefined ? '-' : escaped(maskSecrets(entry.referer), REFERER_MAX);
  const agent = entry.userAgent === undefined ? '-' : escaped(entry.userAgent, AGENT_MAX);
  const seconds = (entry.ms / 1000).toFixed(3);
  const host = escaped(entry.host, NAME_MAX);
  return `${escapedWord(entry.address)} - ${user} [${clfTime(entry.at)}] "${request}" ${status} ${bytes === 0 ? '-' : bytes} "${referer}" "${agent}" "${host}" ${seconds}\n`;
};

/** One JSON object a line, ASCII only: anything else is escaped as `\uhhhh`. */
export const jsonLine: LineFormat = (entry) => {
  const line = JSON.stringify({
    time: new Date(entry.at).toISOString(),
    address: entry.address,
    user: entry.user?.slice(0, NAME_MAX),
    method: entry.method.slice(0, NAME_MAX),
    host: entry.host.slice(0, NAME_MAX),
    path: text(maskSecrets(entry.target), TARGET_MAX),
    protocol: `HTTP/${entry.httpVersion}`,
    secure: entry.secure,
    status: entry.status,
    bytes: entry.bytes,
    ms: Math.round(entry.ms * 1000) / 1000,
    device: entry.device || undefined,
    service: entry.service || undefined,
    referer: entry.referer === undefined ? undefined : text(maskSecrets(entry.referer), REFERER_MAX),
    userAgent: entry.userAgent === undefined ? undefined : text(entry.userAgent, AGENT_MAX),
    upgrade: entry.upgrade || undefined,
    aborted: entry.aborted || undefined,
  });
  return `${line.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
};

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
let lastSecond = -1;
let lastTime = '';

/** `22/Nov/2026:04:07:37 +0000`; made once for all lines of a second. */
function clfTime(at: number): string {
  const second = Math.floor(at / 1000);
  if (second === lastSecond) return lastTime;
  const date = new Date(second * 1000);
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  lastSecond = second;
  lastTime = `${day}:${time} +0000`;
  return lastTime;
}

/** For between quotes. @param latin1 one character for each byte */
function escaped(latin1: string, max: number): string {
  const short = latin1.length > max ? `${latin1.slice(0, max)}...` : latin1;
  return short.replace(/["\\]|[^\x20-\x7e]/g, escapeOne);
}

/** For outside of quotes: a space would end the field. */
function escapedWord(latin1: string): string {
  const word = latin1.slice(0, NAME_MAX).replace(/["\\[\] ]|[^\x20-\x7e]/g, escapeOne);
  return word === '' ? '""' : word;
}

function escapeOne(char: string): string {
  if (char === '"' || char === '\\') return `\\${char}`;
  if (char.charCodeAt(0) > 0xff) return utf8Bytes(char).replace(/[^]/g, escapeOne);
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

function utf8Bytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** Header bytes as text: UTF-8 where they are. */
function text(latin1: string, max: number): string {
  const short = latin1.length > max ? `${latin1.slice(0, max)}...` : latin1;
  return /[\x80-\xff]/.test(short) ? Buffer.from(short, 'latin1').toString('utf8') : short;
}
