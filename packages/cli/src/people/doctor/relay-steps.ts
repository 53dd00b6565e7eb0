import type { Me, RelayIdentity } from '@porchlight/protocol/api';
import { span } from '@porchlight/protocol/words';
import { fetchIdentity } from '../login/index.ts';
import type { Session } from '../session/index.ts';
import { attempt, failure, STEP_DEADLINE_MS } from './attempt.ts';
import { certificate, connects, open, type Place, placeOf, resolves } from './network.ts';

/** From here on a clock that is off makes trouble: certificates and tokens begin and end. */
const CLOCK_OFF_MS = 30_000;

/** What is known of a relay before anything is asked. */
export interface Examined {
  readonly origin: string;
  /** Fingerprint of its host key at the first login. */
  readonly pinned: string | undefined;
}

/** Name, ports, certificate, clock and key of a relay; what it says of itself, when it can be asked. */
export async function* examineRelay({ origin, pinned }: Examined) {
  const place = placeOf(origin);
  if ((yield* attempt('name of the relay', () => resolves(place.host))) === undefined) return undefined;
  const web = `port ${place.port}`;
  const reached = yield* attempt(web, (signal) => connects(place.host, place.port, signal));
  if (reached === undefined) return undefined;
  if (place.encrypted) {
    yield* attempt('certificate', (signal) => certificate(place, place.host, signal));
  }
  const identity = yield* attempt('relay', async (signal) => {
    const found = await fetchIdentity(origin, signal);
    return { value: found, detail: `${origin} answers, version ${found.version}` };
  });
  if (identity === undefined) return undefined;
  yield* attempt('clock', (signal) => clock(origin, signal));
  yield* attempt('host key', () => hostKey(identity, pinned));
  yield* sshPort(place, identity);
  return identity;
}

async function clock(origin: string, signal: AbortSignal) {
  const asked = Date.now();
  const { headers } = await fetch(`${origin}/healthz`, { signal, redirect: 'error' });
  const told = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(told)) throw failure('the relay does not tell the time', 'see what is in front of it');
  // The header has whole seconds.
  const off = told + 500 - (asked + Date.now()) / 2;
  if (Math.abs(off) < CLOCK_OFF_MS)
    return { value: true, detail: `this machine and the relay agree within ${span(Math.abs(off) + 1000)}` };
  throw failure(
    `this machine is ${span(Math.abs(off))} ${off > 0 ? 'behind' : 'ahead of'} the relay`,
    'set the clock, best by NTP: certificates and tokens begin and end by it',
  );
}

async function hostKey({ ssh }: RelayIdentity, pinned: string | undefined) {
  if (pinned === undefined || pinned === ssh.fingerprint) {
    const known = pinned === undefined ? '' : ', as at the first login';
    return { value: true, detail: `${ssh.fingerprint}${known}` };
  }
  throw failure(
    `it was ${pinned} at the first login, and is ${ssh.fingerprint} now`,
    'if the relay was set up anew, log in again; otherwise somebody is in between',
  );
}

async function* sshPort({ host }: Place, { ssh }: RelayIdentity) {
  const { port } = ssh;
  if (port === undefined) return;
  yield* attempt(`port ${port} (ssh)`, async (signal) => {
    const socket = await open(host, port, signal);
    const { hostKeyOf } = await import('@porchlight/agent');
    const fingerprint = await hostKeyOf(socket, STEP_DEADLINE_MS);
    if (fingerprint === ssh.fingerprint) return { value: true, detail: `${host}:${port} shows that key` };
    throw failure(
      `another host key answers there (${fingerprint})`,
      'something listens in between, or on this port in place of the relay',
    );
  });
}

/** Who the person is at the relay. */
export function signIn({ api, origin }: Session) {
  return attempt<Me>('sign-in', async (signal) => {
    const me = await api.me({ signal });
    return { value: me, detail: `${me.account.name} at ${origin}` };
  });
}

/** The port of MQTT over TLS, which devices use that speak only MQTT. */
export async function* mqttPort(origin: string, { relay }: Me) {
  const { mqttsPort } = relay;
  if (mqttsPort === undefined) return;
  const { host } = placeOf(origin);
  yield* attempt(`port ${mqttsPort} (mqtt)`, async (signal) => {
    try {
      return await connects(host, mqttsPort, signal);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { value: true as const, detail, warning: 'MQTT passes on the HTTPS port too, where ALPN does' };
    }
  });
}
