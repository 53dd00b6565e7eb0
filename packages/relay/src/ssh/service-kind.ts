import type { Duplex } from 'node:stream';
import type { ServiceKind } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';
import type { Link } from '../links/index.ts';

/** What speaks first does so by then: a shell, a mail server, a screen. It is left in peace. */
const GREETING_MS = 700;
/** A service that has said nothing by then is taken for what its port suggests. */
const PATIENCE_MS = 3_000;
/** Ports that speak HTTP by custom, with all that end in 80 or 88. */
const WEB_PORT = /^(?:80|443|3000|5000|8000|\d*80|\d*88\d*)$/;
/** Ports of protocols in which the server speaks first or where a stray line can do harm: these are not asked. */
const NEVER_WEB = new Set([21, 22, 23, 25, 53, 102, 502, 1883, 3306, 3389, 5432, 5900, 8883, 9100]);
const HEAD = 'HEAD / HTTP/1.1\r\nHost: porchlight-probe.invalid\r\nConnection: close\r\n\r\n';

/**
 * Finds out by trying whether a service of a stock client speaks HTTP: listens whether it speaks first, then a HEAD
 * request, and a look at what comes back. Never throws; a service that cannot be reached now is taken for what its
 * port suggests.
 */
export async function detectKind(
  link: Pick<Link, 'openChannel'>,
  service: string,
  port: number,
  clock: Clock,
): Promise<ServiceKind> {
  if (NEVER_WEB.has(port)) return 'tcp';
  const guess: ServiceKind = WEB_PORT.test(String(port)) ? 'http' : 'tcp';
  try {
    const channel = await link.openChannel(service, { address: '127.0.0.1', port: 0 });
    return await ask(channel, guess, clock);
  } catch {
    // Not reachable now: that is told when somebody asks for it.
    return guess;
  }
}

function ask(channel: Duplex, guess: ServiceKind, clock: Clock): Promise<ServiceKind> {
  return new Promise((resolve) => {
    const settle = (kind: ServiceKind): void => {
      for (const cancel of timers) cancel();
      channel.destroy();
      resolve(kind);
    };
    let asked = false;
    const timers = [
      clock.after(GREETING_MS, () => {
        asked = true;
        channel.write(HEAD);
      }),
      clock.after(PATIENCE_MS, () => settle(guess)),
    ];
    let heard = '';
    channel.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1', 0, 16);
      if (heard.length >= 5 || !asked) settle(asked && heard.startsWith('HTTP/') ? 'http' : 'tcp');
    });
    channel.on('error', () => settle(guess));
    channel.on('close', () => settle(heard.startsWith('HTTP') ? 'http' : guess));
  });
}
