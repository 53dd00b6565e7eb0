import { adoptChannel, openControlStream } from '@porchlight/link';
import {
  BASE_STATION_LINE_MAX,
  type BaseStationMessage,
  type BaseStationRequest,
  baseStationMessage,
} from '@porchlight/protocol';
import type { Channel } from 'ssh2';
import type { BaseStationOwner, BaseStationTable } from '../base-stations/index.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../telemetry/index.ts';
import { Allowance } from './allowance.ts';

/** Messages of a base station: each list once a second at most, an answer for each one asked for, and readings. */
const MESSAGE_LIMITS = { burst: 60, perSecond: 4 };

/**
 * What a base station says over its channel, into the table; until either end closes it, or it says what is not
 * understood. `onOverflow`: it has sent more than was allowed to be under way.
 */
export function openBaseStationChannel(
  channel: Channel,
  owner: BaseStationOwner,
  parts: {
    readonly baseStations: Pick<BaseStationTable, 'open'>;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly onOverflow: () => void;
    readonly onEnd: () => void;
  },
): { end(): void } {
  const adopted = adoptChannel(channel, parts.onOverflow);
  const messages = new Allowance(parts.clock, MESSAGE_LIMITS);
  const device = owner.deviceName;
  let over = false;
  const end = (reason?: string): void => {
    if (over) return;
    over = true;
    if (reason !== undefined) {
      parts.logger.info({ device, reason }, 'channel of a base station ended');
      adopted.destroy();
    }
    open.close();
    stream.end();
    parts.onEnd();
  };
  const stream = openControlStream<BaseStationMessage, BaseStationRequest>(
    adopted,
    baseStationMessage,
    {
      message: (message) => (messages.take() ? open.hear(message) : end('it sends too much')),
      broken: (why) => end(why),
      end: () => end(),
    },
    BASE_STATION_LINE_MAX,
  );
  const open = parts.baseStations.open(owner, (message) => stream.send(message));
  adopted.once('close', () => end());
  return { end };
}
