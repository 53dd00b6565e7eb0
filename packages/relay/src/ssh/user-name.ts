/** What begins so is an enrolment token in place of a user name; it is a secret, and told to nobody. */
const TOKEN_PREFIX = 'ple_';

/** `router1`, or an enrolment token, which may have a name behind it: `ple_…+router1`. */
export function parseUserName(userName: string): { readonly token?: string; readonly name?: string } {
  if (!userName.startsWith(TOKEN_PREFIX)) return { name: userName };
  const [token = '', name = ''] = userName.split('+', 2);
  return name === '' ? { token } : { token, name };
}
