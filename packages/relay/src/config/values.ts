/**
 * The kinds of value a key can have. Each reads what comes from a flag or the environment (text) and from the YAML
 * file (text, numbers, lists) alike, and says what it must be when it is something else.
 */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { Secret } from './secret.ts';

/** Longest domain: `<service>--<device>.` (64 octets) and it fit into the 253 of a host name. */
const DOMAIN_MAX = 189;
/** Longest text of any value. */
const TEXT_MAX = 4096;
/** Most entries of a list. */
const LIST_MAX = 100;

function value<T>(what: string, parse: (text: string) => T | undefined) {
  return z.unknown().transform((raw, context) => {
    const plain = typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean';
    const text = plain ? String(raw).trim() : '';
    const result = text.length === 0 || text.length > TEXT_MAX ? undefined : parse(text);
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message: `must be ${what}` });
    return z.NEVER;
  });
}

function wholeNumber(text: string, min: number, max: number): number | undefined {
  if (!/^\d{1,15}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= min && number <= max ? number : undefined;
}

const isOff = (text: string) => text === 'off' || text === 'false';

/** Where to listen: a port, 0 for any free one, or `off`. */
export const portOrOff = value<number | 'off'>('a port from 0 (any free one) to 65535, or off', (text) =>
  isOff(text) ? 'off' : wholeNumber(text, 0, 65_535),
);

/** A port as seen from elsewhere. */
export const publicPort = value('a port from 1 to 65535', (text) => wholeNumber(text, 1, 65_535));

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** A span of ports, both ends included; `0` (from and to are 0) for any free one. */
export const portRange = value<PortRange>(
  'a range of ports such as 30000-30999, or 0 for any free one',
  (text) => {
    if (text === '0') return { from: 0, to: 0 };
    const [first, last, ...more] = text.split('-');
    const from = wholeNumber(first ?? '', 1, 65_535);
    const to = wholeNumber(last ?? first ?? '', 1, 65_535);
    return from === undefined || to === undefined || from > to || more.length > 0 ? undefined : { from, to };
  },
);

/** An address of this machine, or a name that resolves to one. */
export const host = value('an IP address or host name of this machine, or auto', (text) =>
  isIP(text) !== 0 || /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(text) ? text : undefined,
);

/** A DNS name below which published services get theirs; lower case, international ones in their ASCII form. */
export const domain = value('a domain name such as relay.example (no address, port or scheme)', (text) => {
  if (!/^[^\s/:@?#[\]%\\]+$/.test(text)) return undefined;
  const ascii = domainToASCII(text);
  const labels = ascii.split('.');
  const fine = labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  return fine && ascii.length <= DOMAIN_MAX && !/^\d+$/.test(labels.at(-1) ?? '') ? ascii : undefined;
});

/** The host name for path routes: `auto`, `off`, or a name of its own; checked against the domain later. */
export const pathsHost = value('a host name such as paths.relay.example, auto or off', (text) => {
  if (text === 'auto' || isOff(text)) return text === 'auto' ? 'auto' : 'off';
  const ascii = domainToASCII(text.replace(/[\s/:@?#[\]%\\]/g, '!'));
  const fine = ascii.split('.').every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  return fine && ascii.length <= 253 && isIP(ascii) === 0 ? ascii : undefined;
});

export const yesOrNo = value<boolean>('true or false', (text) =>
  text === 'true' || text === 'false' ? text === 'true' : undefined,
);

/** The path of a file or folder, resolved before it gets here. */
export const path = value('a path', (text) => (text.includes('\0') ? undefined : text));

export const count = (min: number, max: number) =>
  value(`a whole number from ${min} to ${max}`, (text) => wholeNumber(text, min, max));

export const choice = <const T extends string>(...words: readonly T[]) =>
  value<T>(`one of ${words.join(', ')}`, (text) => words.find((word) => word === text));

/** The connection URL of a PostgreSQL database, password and all. */
export const databaseUrl = value('a URL such as postgres://user:password@host/database', (text) =>
  /^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text) ? new Secret(text) : undefined,
);

/** Address of another program's pages, without a slash at its end: over https, or on this machine. */
export const upstreamUrl = value(
  'a URL such as https://emoncms.example (http only for this machine)',
  (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || url.username !== '' || url.search !== '' || url.hash !== '') return undefined;
    const here = url.protocol === 'http:' && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
    return url.protocol === 'https:' || here ? url.href.replace(/\/+$/, '') : undefined;
  },
);

function isAddressBlock(text: string): boolean {
  const [address, bits, ...more] = text.split('/');
  const family = isIP(address ?? '');
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || wholeNumber(bits, 0, family === 4 ? 32 : 128) !== undefined;
}

/** A list: a YAML list, or text with commas. */
function listOf(isEntry: (text: string) => boolean, message: string) {
  return z.unknown().transform((raw, context): readonly string[] => {
    const entries = typeof raw === 'string' ? raw.split(',') : raw;
    const list = Array.isArray(entries) && entries.length <= LIST_MAX ? entries : [undefined];
    const texts = list
      .map((entry) => (typeof entry === 'string' ? entry.trim() : ''))
      .filter((entry) => entry !== '');
    if (texts.length === list.length && texts.every(isEntry)) return texts;
    if (raw === '') return [];
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** A list of addresses or address blocks. */
export const addressBlocks = listOf(
  isAddressBlock,
  'must be addresses or blocks such as 127.0.0.1, 10.0.0.0/8 or fd00::/8, with commas between',
);

/** A list of addresses. */
export const addresses = listOf(
  (text) => isIP(text) !== 0,
  'must be IP addresses such as 0.0.0.0 or 192.0.2.1, with commas between',
);
