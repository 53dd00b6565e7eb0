/**
 * What a program may be let do for a person: the scopes of access tokens, OAuth apps and share links (RFC 6749 §3.3).
 *
 * A scope text has the scopes themselves and may narrow them: `read write device:shed device:robot/jupyter` is reading
 * and writing at the device `shed` and at one service of `robot`. Without a `device:` word it is about all devices.
 */
import { isDeviceName, isServiceName } from './names.ts';

/** In the order in which people read them. */
export const SCOPES = ['read', 'write', 'shell', 'manage'] as const;
export type Scope = (typeof SCOPES)[number];

/** What each scope lets a program do, as people are told when they are asked. */
export const SCOPE_WORDS: Readonly<Record<Scope, string>> = {
  read: 'See your devices, and read from their services: pages, values, status',
  write: 'Use the services of your devices fully: switch, change, upload',
  shell: 'Open shells and other TCP connections to your devices',
  manage: 'Change how your devices are set up: let new ones in, rename, publish, remove',
};

/** Longest scope text, in characters: a few dozen devices. */
export const SCOPE_TEXT_MAX = 2_000;

/** Longest logo of an app, in characters of its data URL: about 24 KB of picture. */
export const LOGO_MAX = 32 * 1024;

/** Most devices that one grant names; more than that is better said as all of them. */
export const GRANT_DEVICES_MAX = 100;
/** Most services that one grant names of one device. */
export const GRANT_SERVICES_MAX = 50;

/** A device, or one service of it, that scopes are narrowed to; by name, as a program knows it. */
export interface NamedReach {
  readonly device: string;
  /** Undefined: the whole device. */
  readonly service: string | undefined;
}

export interface ScopeText {
  readonly scopes: readonly Scope[];
  /** Empty: all devices. */
  readonly devices: readonly NamedReach[];
  /** Words that are none of ours, such as `openid`. */
  readonly others: readonly string[];
}

export function isScope(word: string): word is Scope {
  return (SCOPES as readonly string[]).includes(word);
}

/** Scopes in their order, each once; who may write may read. */
export function completeScopes(scopes: Iterable<Scope>): Scope[] {
  const given = new Set(scopes);
  if (given.has('write')) given.add('read');
  return SCOPES.filter((scope) => given.has(scope));
}

/** Reads a scope text. What is malformed comes back among `others`, and narrows nothing: its reader refuses it. */
export function parseScopeText(text: string): ScopeText {
  const scopes: Scope[] = [];
  const devices: NamedReach[] = [];
  const others: string[] = [];
  for (const word of text.slice(0, SCOPE_TEXT_MAX).split(' ')) {
    if (word === '') continue;
    const reach = parseReach(word);
    if (isScope(word)) scopes.push(word);
    else if (reach !== undefined) devices.push(reach);
    else others.push(word);
  }
  return { scopes: completeScopes(scopes), devices, others };
}

/** The text of scopes and what they are narrowed to. */
export function scopeText(scopes: readonly Scope[], devices: readonly NamedReach[] = []): string {
  const words = devices.map(
    ({ device, service }) => `device:${device}${service === undefined ? '' : `/${service}`}`,
  );
  return [...scopes, ...words].join(' ');
}

/** The scope that a request to a service needs, by its method (RFC 9110 §9.2.1); an upgrade can do anything. */
export function scopeOfRequest(method: string | undefined, upgrade = false): 'read' | 'write' {
  return !upgrade && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') ? 'read' : 'write';
}

function parseReach(word: string): NamedReach | undefined {
  if (!word.startsWith('device:')) return undefined;
  const [device = '', service, more] = word.slice('device:'.length).split('/');
  if (more !== undefined || !isDeviceName(device)) return undefined;
  if (service !== undefined && !isServiceName(service)) return undefined;
  return { device, service };
}
