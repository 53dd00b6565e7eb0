import { ERRORS, PorchlightError } from '@porchlight/protocol';
import type { DeviceRecord } from '../devices/index.ts';
import { OPEN_FAILURE } from '../ssh/index.ts';
import type { Destination } from './destination.ts';

/** Why a channel is not opened, as SSH_MSG_CHANNEL_OPEN_FAILURE says it (RFC 4254 §5.1). */
export interface ChannelRefusal {
  readonly reason: number;
  readonly text: string;
}

/** The same for a device that is not there and for one of another account. */
export function noSuchDevice(host: string): ChannelRefusal {
  const text = `the relay reaches devices only, and none of yours is named ${host.slice(0, 64)}`;
  return { reason: OPEN_FAILURE.prohibited, text };
}

export const TOO_MANY: ChannelRefusal = {
  reason: OPEN_FAILURE.shortage,
  text: 'too many channels at once on this connection',
};

/** Puts into words why nothing was reached on a device. */
export function refusalOf(
  error: unknown,
  device: Pick<DeviceRecord, 'name' | 'services'>,
  { target }: Destination,
  offlineSince: { readonly at: number; readonly reason: string | undefined } | undefined,
): ChannelRefusal {
  const what = 'port' in target ? `port ${target.port}` : `the service ${target.service}`;
  if (!(error instanceof PorchlightError)) {
    return { reason: OPEN_FAILURE.connectFailed, text: `${device.name}: the relay failed` };
  }
  // A message of its own says more than the table's.
  const own = error.message === ERRORS[error.code].title ? undefined : error.message;
  const reason = error.code === 'busy' ? OPEN_FAILURE.shortage : OPEN_FAILURE.connectFailed;
  const text = own ?? wordsFor(error, device, what, offlineSince);
  return { reason, text: text.includes(device.name) ? text : `${device.name}: ${text}` };
}

function wordsFor(
  error: PorchlightError,
  device: Pick<DeviceRecord, 'name' | 'services'>,
  what: string,
  offlineSince: { readonly at: number; readonly reason: string | undefined } | undefined,
): string {
  switch (error.code) {
    case 'device_offline': {
      if (offlineSince === undefined) return `${device.name} is offline, and was never seen online`;
      const since = new Date(offlineSince.at).toISOString().slice(0, 16).replace('T', ' ');
      const why = offlineSince.reason === undefined ? '' : ` (${offlineSince.reason})`;
      return `${device.name} has been offline since ${since} UTC${why}`;
    }
    case 'service_unknown': {
      const names = device.services.map(({ name }) => name).slice(0, 20);
      const known = names.length === 0 ? 'no service is known of it' : `known services: ${names.join(', ')}`;
      return `${device.name} does not offer ${what} now; ${known}`;
    }
    case 'service_unreachable':
      return `${device.name} is online, but nothing answers at ${what}`;
    case 'device_timeout':
      return `${device.name} did not answer in time`;
    default:
      return error.message;
  }
}
