import type { Device, Service } from '@porchlight/protocol/api';
import { span } from '@porchlight/protocol/words';
import { requireOnline } from '../devices/index.ts';
import type { Session } from '../session/index.ts';
import { attempt, failure } from './attempt.ts';
import { resolves } from './network.ts';

/** Services that are asked without a device being named: each costs the device an answer. */
const ASKED_MAX = 20;

/** The link of each device, then an answer of each service through the whole path. */
export async function* examineDevices(session: Session, devices: readonly Device[], now = Date.now()) {
  yield* nameOfServices(devices);
  let asked = 0;
  for (const device of devices) {
    const up = yield* attempt(`link of ${device.name}`, async () => linkOf(device, now));
    if (up === undefined) continue;
    for (const service of device.services.filter(({ offered }) => offered)) {
      if (asked >= ASKED_MAX) return;
      asked += 1;
      yield* attempt(`service ${device.name}/${service.name}`, (signal) =>
        answerOf(session, device, service, signal),
      );
    }
  }
}

function linkOf(device: Device, now: number) {
  requireOnline(device, now);
  const { since, transport, rtt, rttAt, paused, callHome } = device.link;
  if (paused)
    throw failure('the device is paused, so nobody gets in', 'on the device: porchlight agent resume');
  const words = [
    `up${since === undefined ? '' : ` for ${span(now - since)}`}${transport === undefined ? '' : ` by ${transport}`}`,
    ...(callHome === undefined ? [] : [`calls home every ${span(callHome.intervalSeconds * 1000)}`]),
  ].join(', ');
  const path =
    rtt === undefined || rttAt === undefined
      ? ''
      : `; data path answered in ${Math.round(rtt)} ms, ${span(now - rttAt)} ago`;
  return { value: true, detail: words + path };
}

async function answerOf({ api }: Session, device: Device, { name, kind }: Service, signal: AbortSignal) {
  const { ok, took, error } = await api.services.probe(device.id, name, { signal });
  const answer = kind === 'tcp' ? 'accepts connections' : 'answers';
  if (ok) return { value: true, detail: `${answer} through the whole path in ${Math.round(took)} ms` };
  throw failure(
    error ?? 'it does not answer',
    'see whether the program runs on the device: there, porchlight agent doctor tells more',
  );
}

/** Services have names below the relay's, for which DNS needs an entry of its own. */
async function* nameOfServices(devices: readonly Device[]) {
  const url = devices.flatMap(({ services }) => services).find((service) => service.url !== undefined)?.url;
  if (url === undefined) return;
  const { hostname } = new URL(url);
  // Browsers and curl know these by themselves (RFC 6761 §6.3); what asks the system may not.
  if (hostname.endsWith('.localhost')) return;
  const domain = hostname.slice(hostname.indexOf('.') + 1);
  yield* attempt('names of services', async () => {
    try {
      return await resolves(hostname);
    } catch (cause) {
      throw failure(
        `${hostname} has no address here`,
        `make a DNS entry for *.${domain} that points to the relay`,
        cause,
      );
    }
  });
}
