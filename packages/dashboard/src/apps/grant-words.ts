import type { Scope } from '@porchlight/protocol';
import type { AppGrant } from '@porchlight/protocol/api';

const SHORT: Readonly<Record<Scope, string>> = {
  read: 'reads',
  write: 'uses services fully',
  shell: 'opens shells',
  manage: 'changes the set-up',
};

/** What an app may do, in few words: "uses services fully and opens shells". */
export function mayWords({ scopes }: Pick<AppGrant, 'scopes'>): string {
  const told = scopes.filter((scope) => scope !== 'read' || !scopes.includes('write'));
  return told.length === 0 ? 'knows your name' : joined(told.map((scope) => SHORT[scope]));
}

/** Where it may: "on all devices", "on shed and web of robot". */
export function whereWords({ scopes, devices }: Pick<AppGrant, 'scopes' | 'devices'>): string {
  if (scopes.length === 0) return '';
  if (devices === undefined) return 'on all devices';
  if (devices.length === 0) return 'on devices that are gone';
  return `on ${joined(devices.map(({ name, services }) => (services ? `${joined(services)} of ${name}` : name)))}`;
}

function joined(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
