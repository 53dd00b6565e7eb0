/**
 * The hand-over that EmonESP's firmware knows. The device asks every ten seconds, and reads the body of the answer: 2 or
 * 3 colons are credentials, anything else is "not yet". It travels in clear on the LAN, as the firmware wants it; what is
 * done about it here: credentials of that device alone, given once, to that address, within a minute of Allow.
 */
import type { Logger } from '../../../log/index.ts';
import type { LanDevices } from '../../devices/index.ts';
import { json, type LanAnswer, type LanCall, type LanRoute, text } from '../../lan-http/index.ts';
import type { LanRequests } from '../../requests/index.ts';

/** The firmware compares with exactly this. */
const WAITING = 'request registered';
const PATH = /^(?:\/emoncms)?\/device\/auth\/?(request|check|allow)(?:\.json)?$/;
/** Where the firmware publishes if nothing else is said. */
const PORT = 1883;

export interface EmonEspParts {
  readonly requests: LanRequests;
  readonly devices: LanDevices;
  /** First level of the topics, without colon or slash, e.g. `emon`. */
  readonly baseTopic: string;
  /** Port of the broker without TLS. */
  readonly mqttPort: number;
  /** True: it is confined to its own name below the base topic; false: to the node that it names first. */
  readonly nodeIsName: boolean;
  readonly logger: Logger;
  hardwareAddressOf(address: string): Promise<string | undefined>;
  /** Whether a person sent this, who may look at requests and answer them. */
  isPerson(call: LanCall): Promise<boolean>;
  /** A person looks at the requests: devices may be told where the base station is. */
  onLook(): void;
  /** Allows a request, as a person of this address asks. @throws ConfigError */
  allow(id: string): Promise<void>;
  readonly now: () => number;
}

export function createEmonEspRoute(parts: EmonEspParts): LanRoute {
  return async (call) => {
    const [, action] = PATH.exec(call.path) ?? [];
    if (action === undefined) return undefined;
    if (call.method !== 'GET' && call.method !== 'HEAD') return text(405, 'GET only');
    if (action === 'request') return request(parts, call);
    if (isFromElsewhere(call) || !(await parts.isPerson(call))) return askWho();
    return action === 'check' ? check(parts) : allow(parts, call);
  };
}

async function request(parts: EmonEspParts, { address, method }: LanCall): Promise<LanAnswer> {
  const { requests, devices, logger } = parts;
  const mac = await parts.hardwareAddressOf(address);
  const name = mac === undefined ? `esp-${address.replace(/[^0-9a-f]+/gi, '-')}` : `esp-${mac.slice(-8)}`;
  const asked = requests.ask({
    ...{ asker: `address ${address}`, way: 'emonesp', name, address, mac, code: undefined },
  });
  if (asked.kind === 'waiting') {
    if (asked.isNew) logger.info({ address, mac }, 'a device asks to be let in');
    return text(200, WAITING);
  }
  if (asked.kind === 'denied') return text(403, '');
  if (asked.kind === 'full') return text(503, 'too many devices ask; try again later');
  // Looking must not use the answer up; the firmware asks with GET.
  if (method === 'HEAD') return text(200, '');
  const taken = await requests.take(asked.allowance.id);
  if (taken === undefined) return text(200, WAITING);
  const { device, password } = await devices.add({
    ...{ name: taken.name, way: 'emonesp', address, mac, key: undefined, node: undefined, at: parts.now() },
  });
  logger.info({ device: device.name, address }, 'a device got its credentials');
  const port = parts.mqttPort === PORT ? [] : [parts.mqttPort];
  const base = parts.nodeIsName
    ? `${parts.baseTopic}/${await devices.claimFreeNode(device.id, device.username)}`
    : parts.baseTopic;
  return text(200, [device.username, password, base, ...port].join(':'));
}

function check({ requests, onLook }: EmonEspParts): LanAnswer {
  onLook();
  const waiting = requests.list().find(({ way, state }) => way === 'emonesp' && state === 'waiting');
  return waiting === undefined
    ? json(200, { success: true, message: 'No authentication request registered' })
    : json(200, { success: true, ip: waiting.address });
}

async function allow({ requests, allow: answer }: EmonEspParts, { query }: LanCall): Promise<LanAnswer> {
  const ip = query.get('ip') ?? '';
  const waiting = requests
    .list()
    .find(({ way, state, address }) => way === 'emonesp' && state === 'waiting' && address === ip);
  if (waiting === undefined) {
    return json(200, { success: false, message: 'No authentication request from that address' });
  }
  await answer(waiting.id);
  return json(200, { success: true, message: 'Authentication request allowed' });
}

/** A browser sends the password that it knows along with what any page asks for. */
function isFromElsewhere({ headers }: LanCall): boolean {
  const site = headers['sec-fetch-site'];
  return headers.origin !== undefined || (site !== undefined && site !== 'none' && site !== 'same-origin');
}

function askWho(): LanAnswer {
  return {
    ...json(401, { success: false, message: 'Sign in with the password of the settings page' }),
    headers: { 'WWW-Authenticate': 'Basic realm="Porchlight base station", charset="UTF-8"' },
  };
}
