import type { ServiceKind } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';
import type { Link } from '../links/index.ts';

/** A service that has said nothing by then is taken for what its port suggests. */
const PATIENCE_MS = 3_000;
/** Ports that speak HTTP by custom, with all that end in 80 or 88. */
const WEB_PORT = /^(?:80|443|3000|5000|8000|\d*80|\d*88\d*)$/;
const HEAD = 'HEAD / HTTP/1.1\r\nHost: porchlight-probe.invalid\r\nConnection: close\r\n\r\n';

/**
 * Finds out by trying whether a service of a stock client speaks HTTP: a HEAD request, and a look at what comes back.
 * Never throws; a service that cannot be reached now is taken for what its port suggests.
 */
export async function detectKind(
  link: Link,
  service: string,
  port: number,
  clock: Clock,
): Promise<ServiceKind> {
  const guess: ServiceKind = WEB_PORT.test(String(port)) ? 'http' : 'tcp';
  try {
    const channel = await link.openChannel(service, { address: '127.0.0.1', port: 0 });
    return await new Promise<ServiceKind>((resolve) => {
      const settle = (kind: ServiceKind): void => {
        cancel();
        channel.destroy();
        resolve(kind);
      };
      const cancel = clock.after(PATIENCE_MS, () => settle(guess));
      let heard = '';
      channel.on('data', (chunk: Buffer) => {
        heard += chunk.toString('latin1');
        if (heard.length >= 5) settle(heard.startsWith('HTTP/') ? 'http' : 'tcp');
      });
      channel.on('error', () => settle(guess));
      channel.on('close', () => settle(heard.startsWith('HTTP') ? 'http' : guess));
      channel.write(HEAD);
    });
  } catch {
    // Not reachable now: that is told when somebody asks for it.
    return guess;
  }
}
