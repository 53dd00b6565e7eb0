import type { Algorithms } from 'ssh2';

/**
 * What both ends offer, best first. AES-128-GCM is the fastest that ssh2's native cipher has; the rest is there for
 * stock clients. No CBC, no SHA-1 signatures, no compression (a compressed secret leaks through its length).
 */
export const LINK_ALGORITHMS: Algorithms = {
  // The older name first: dropbear sends its first message along with the guess that ours is its own first one, and
  // ssh2 loses a message that is right behind the list; with another one first dropbear sends it again.
  kex: [
    'curve25519-sha256@libssh.org',
    'curve25519-sha256',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    // No larger group: strangers ask for exchanges too, and one with group 16 takes the whole relay 10 ms.
    'diffie-hellman-group14-sha256',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes256-ctr',
  ],
  serverHostKey: ['ssh-ed25519'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
};
