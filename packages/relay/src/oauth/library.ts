/** All that needs the library at run time. It is loaded with the first request: many relays never get one, and each starts sooner. */
import { Provider } from 'oidc-provider';

export { createAdapters } from './adapter.ts';
export { createProvider } from './create-provider.ts';

/** The library ends a grant when its app revokes a token of it, and when a code or refresh token came twice. */
export function endedBy(): 'app' | 'reuse' {
  return Provider.ctx?.oidc.route === 'revocation' ? 'app' : 'reuse';
}
