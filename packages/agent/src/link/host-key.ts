import type { Duplex } from 'node:stream';
import { fingerprintOf } from '@porchlight/protocol';
import ssh2 from 'ssh2';

/** The fingerprint of the SSH server at the other end, within `timeoutMs`; the connection is ended before any key of ours is used. */
export function hostKeyOf(stream: Duplex, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.on('error', (error) => reject(new Error(`no SSH server answers there (${error.message})`)));
    client.on('close', () => reject(new Error('no SSH server answers there')));
    client.connect({
      sock: stream,
      username: 'doctor',
      readyTimeout: timeoutMs,
      hostVerifier: (key: Buffer, verified: (ok: boolean) => void) => {
        // Refusing ends the connection with an error: what was found has to be told first.
        const refuse = (): void => verified(false);
        fingerprintOf(key).then(resolve, reject).then(refuse, refuse);
      },
    });
  });
}
