import { adoptChannel, type ControlStream, openControlStream } from '@porchlight/link';
import {
  BASE_STATION_LINE_MAX,
  BASE_STATION_SUBSYSTEM,
  type BaseStationMessage,
  type BaseStationRequest,
  baseStationRequest,
} from '@porchlight/protocol';
import type { Client } from 'ssh2';

/** What speaks for a base station with the relay. */
export interface BaseStationSide {
  /** The relay listens. `hear` gets what it asks; `close` is called once, when it listens no more. */
  open(send: (message: BaseStationMessage) => void): {
    hear(message: BaseStationRequest): void;
    close(): void;
  };
  /** The relay does not take it, as older ones do not; it is tried again with the next connection. */
  unheard(reason: string): void;
}

/**
 * Opens the channel of a base station beside the control channel.
 * @param onOverflow the relay sends more than it is allowed to: the connection ends
 * @returns what ends it; idempotent
 */
export function openBaseStationChannel(
  client: Client,
  side: BaseStationSide,
  onOverflow: (reason: string) => void,
): () => void {
  let over = false;
  let stop = (): void => undefined;
  const end = (): void => {
    if (over) return;
    over = true;
    stop();
  };
  client.subsys(BASE_STATION_SUBSYSTEM, (error, channel) => {
    if (error !== undefined) {
      if (!over) side.unheard('this relay does not know base stations: update it');
      return;
    }
    const adopted = adoptChannel(channel, () => onOverflow('the relay sent more than it was allowed to'));
    if (over) return void adopted.destroy();
    const stream: ControlStream<BaseStationMessage> = openControlStream<
      BaseStationRequest,
      BaseStationMessage
    >(
      adopted,
      baseStationRequest,
      {
        message: (message) => open.hear(message),
        broken(why) {
          side.unheard(`the relay is not understood: ${why}`);
          end();
        },
        end,
      },
      BASE_STATION_LINE_MAX,
    );
    const open = side.open((message) => {
      if (!over) stream.send(message);
    });
    stop = () => {
      open.close();
      adopted.destroy();
    };
    adopted.once('close', end);
  });
  return end;
}
