import { z } from 'zod';

/** What the command keeps of one relay, in a file of its own. */
export const relayLogin = z.object({
  /** E.g. `https://relay.example`. */
  origin: z.string(),
  /** PEM, of a relay whose certificate comes from an authority of its own. */
  ca: z.string().optional(),
  /** Fingerprint of the host key that it had at the first login. */
  hostKey: z.string(),
  account: z.string(),
  /** A token that a person made; or a sign-in by the browser, whose tokens are in a file beside, since they change. */
  credential: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('token'), token: z.string() }),
    z.object({ kind: z.literal('oauth') }),
  ]),
});
export type RelayLogin = z.infer<typeof relayLogin>;
