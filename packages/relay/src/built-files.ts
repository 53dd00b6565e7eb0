import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What the build made for the relay to serve; undefined where it was not built. */
export function builtFiles(): { dashboard: string | undefined; agentBundle: string | undefined } {
  const dashboard = fileURLToPath(new URL('../../dashboard/dist', import.meta.url));
  const agentBundle = fileURLToPath(new URL('../../../dist/porchlight.mjs', import.meta.url));
  return {
    dashboard: existsSync(`${dashboard}/index.html`) ? dashboard : undefined,
    agentBundle: existsSync(agentBundle) ? agentBundle : undefined,
  };
}
