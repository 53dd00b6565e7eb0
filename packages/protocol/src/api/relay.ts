import { z } from 'zod';
import { account } from './accounts.ts';

/** Served to everyone at `/.well-known/porchlight`: what an agent needs to find and pin the relay. */
export const relayIdentity = z.object({
  version: z.string(),
  domain: z.string(),
  ssh: z.object({
    /** Where the SSH port is reached from outside; absent when only the HTTPS port serves SSH. */
    port: z.number().int().optional(),
    /** `ssh-ed25519 AAAA…`, one line of the public key. */
    hostKey: z.string(),
    fingerprint: z.string(),
  }),
  /** Path of the WebSocket that carries SSH where only real HTTPS passes. */
  websocketPath: z.string(),
});
export type RelayIdentity = z.infer<typeof relayIdentity>;

/** Who is signed in, and where. */
export const me = z.object({
  account,
  relay: z.object({
    version: z.string(),
    domain: z.string(),
    /** Origin of the console, e.g. `https://relay.example`. */
    origin: z.string(),
    hostKeyFingerprint: z.string(),
    sshPort: z.number().int().optional(),
    /** Port of MQTT over TLS; absent: it is taken on the HTTPS port only. */
    mqttsPort: z.number().int().optional(),
    /** SHA-256 of the agent bundle at `/install/porchlight.mjs`; absent when this relay has none built. */
    agentSha256: z.string().optional(),
    /** The relay made its own certificate authority; it is at `/install/ca.pem`. */
    localAuthority: z.boolean(),
    /** What the line is made of that makes devices of machines with nothing but ssh; absent: it cannot be had. */
    installer: z
      .object({
        url: z.string(),
        sha256: z.string(),
        address: z.string(),
        hostKey: z.string(),
        ownAuthority: z.boolean(),
      })
      .optional(),
    /** Where path routes are; absent: none are served. */
    paths: z
      .object({
        /** E.g. `https://paths.relay.example`; the console's own with `onConsole` where there is no other. */
        origin: z.string(),
        /** They are served on the console's origin too, whose pages can then do what the signed-in person can. */
        onConsole: z.boolean(),
        /** Members may publish under paths too. */
        forMembers: z.boolean(),
      })
      .optional(),
  }),
});
export type Me = z.infer<typeof me>;
