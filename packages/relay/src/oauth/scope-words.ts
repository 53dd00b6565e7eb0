import { completeScopes, parseScopeText, type Scope, scopeText } from '@porchlight/protocol';
import type { GrantRecord } from '../access/index.ts';
import type { AppGrantRecord } from './app-grant-store.ts';

/** What a person grants, with the names that the app knows devices by. */
export interface NamedGrant {
  readonly scopes: readonly Scope[];
  /** Undefined: all devices. */
  readonly devices:
    | readonly {
        readonly id: string;
        readonly name: string;
        readonly services?: readonly string[] | undefined;
      }[]
    | undefined;
  /** It may know who the person is. */
  readonly signIn: boolean;
  /** It may come back without asking. */
  readonly lasting: boolean;
  /** Of a Hue bridge: its link button may be pressed without asking. */
  readonly linkButton?: boolean | undefined;
}

/** The scope text of a grant, its `device:` words in the order of its devices and services. */
export function grantedScope({ scopes, devices, signIn, lasting }: NamedGrant): string {
  const reach = (devices ?? []).flatMap(({ name, services }) =>
    (services ?? [undefined]).map((service) => ({ device: name, service })),
  );
  const words = [...(signIn ? ['openid'] : []), ...(lasting ? ['offline_access'] : [])];
  return [...words, scopeText(scopes, reach)].filter((word) => word !== '').join(' ');
}

/** What to keep of a grant. */
export function grantRecordOf({ scopes, devices }: NamedGrant): GrantRecord {
  return {
    scopes: completeScopes(scopes),
    ...(devices && {
      devices: devices.map(({ id, services }) => ({ id, ...(services && { services: [...services] }) })),
    }),
  };
}

/** Whether an answer to one scope text is an answer to another: to the same or less, about the same devices. */
export function answersToo(before: string, now: string): boolean {
  const [answered, asked] = [new Set(wordsOf(before)), new Set(wordsOf(now))];
  const reach = [...answered].filter(isReach);
  return [...asked].every((word) => answered.has(word)) && reach.every((word) => asked.has(word));
}

/** What a new token gets of a grant, when its app asks for this: nothing that it did not ask for. */
export function scopeOfAsk(granted: string, asked: string): string {
  const words = new Set(wordsOf(asked));
  if (words.has('write')) words.add('read');
  return wordsOf(granted)
    .filter((word) => words.has(word) || isReach(word))
    .join(' ');
}

export function isReach(word: string): boolean {
  return word.startsWith('device:');
}

export function wordsOf(text: unknown): string[] {
  return typeof text === 'string' ? text.split(' ').filter((word) => word !== '') : [];
}

/**
 * What a token is held to: its own scope text is that of the grant, or less when a refresh asked for less (RFC 6749 §6).
 * A text without `device:` words takes nothing away from the grant's devices, and adds none.
 */
export function grantOfToken({ grant, scope }: AppGrantRecord, tokenScope: string): GrantRecord {
  const asked = parseScopeText(tokenScope);
  const scopes = grant.scopes.filter((one) => asked.scopes.includes(one));
  if (grant.devices === undefined || asked.devices.length === 0) return { ...grant, scopes };
  const kept = new Set(wordsOf(tokenScope));
  const words = wordsOf(scope).filter(isReach);
  let at = 0;
  const devices = grant.devices.flatMap(({ id, services }) => {
    if (services === undefined) return kept.has(words[at++] ?? '') ? [{ id }] : [];
    const left = services.filter(() => kept.has(words[at++] ?? ''));
    return left.length === 0 ? [] : [{ id, services: left }];
  });
  return { scopes, devices };
}
