import type { EmoncmsCall } from './call.ts';

/** The home's client is subscribed to this. */
export function requestTopic(account: string): string {
  return `user/${account}/request`;
}

/** `user/<account>/response/<clientId>`: which request it answers; undefined: it is no answer. */
export function answeredBy(topic: string, accounts: readonly string[]): string | undefined {
  const [, account, clientId] = /^user\/([^/]+)\/response\/([^/]+)$/.exec(topic) ?? [];
  return account !== undefined && accounts.includes(account) ? clientId : undefined;
}

/** The request as the original server writes it, with `{}` where that has `[]` for no parameters. */
export function encodeRequest(clientId: string, call: EmoncmsCall): string {
  const { controller, action, subaction } = call;
  return JSON.stringify({ clientId, controller, action, subaction, data: Object.fromEntries(call.data) });
}

/**
 * `{"request":…,"result":…}`: the result. What the answer says of the request does not matter: the topic tells which
 * one it is, and PHP's `[]` for no parameters is as good as `{}`. undefined: it is no answer.
 */
export function parseResponse(payload: Uint8Array): { readonly result: unknown } | undefined {
  const text = new TextDecoder().decode(payload);
  // A will of some clients, on the same topics.
  if (text.startsWith('DISCONNECTED')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return 'result' in value ? { result: value.result } : undefined;
  } catch {
    return undefined;
  }
}
