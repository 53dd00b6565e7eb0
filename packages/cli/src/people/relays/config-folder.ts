import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where a person's logins are: `$XDG_CONFIG_HOME/porchlight` (XDG Base Directory Specification), by default
 * `~/.config/porchlight`.
 */
export function configFolder(env: NodeJS.ProcessEnv): string {
  const xdg = env['XDG_CONFIG_HOME'];
  // A relative path there is to be ignored, says the specification.
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.config'), 'porchlight');
}
