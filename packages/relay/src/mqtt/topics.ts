/** The topics that accounts and devices own. What may be done below a prefix is the same for every broker of ours. */

/** An identifier made by the relay: no account's or device's *name* of this form is taken for a prefix. */
const IDENTIFIER = /^[0-9a-f]{24}$/;
/**
 * What an account owns: `user/<name>/` and `user/<id>/`. `written`: the name as its client signed in with it, which may
 * have capitals. Clients use that in their topics, and two names that differ in nothing else are one account.
 */
export function accountPrefixes(
  account: { readonly id: string; readonly name: string },
  written = account.name,
): string[] {
  const byId = `user/${account.id}/`;
  if (IDENTIFIER.test(account.name)) return [byId];
  const names = written.toLowerCase() === account.name ? [account.name, written] : [account.name];
  return [...Array.from(new Set(names), (name) => `user/${name}/`), byId];
}

/** What a device owns: `device/<name>/` for its present name and for those former ones that still lead to it. */
export function devicePrefixes(names: Iterable<string>): string[] {
  return [...new Set(names)].map((name) => `device/${name}/`);
}
