import type { BaseStationSide } from '../../link/index.ts';
import type { Station } from './ports.ts';
import { RelaySide, type RelaySideParts } from './relay-side.ts';

/** A base station that may be switched on and off at any time. */
export interface StationSwitch {
  readonly station: Station | undefined;
  /** Calls at each change, also when it opens or closes; gives what ends that. */
  watch(listener: () => void): () => void;
}

/**
 * Lets the link speak for the base station that is open, whenever one is. Gives what ends that.
 * @param speakFor tells the link who speaks from now on
 */
export function followStation(
  stations: StationSwitch,
  speakFor: (side: BaseStationSide | undefined) => void,
  parts: Omit<RelaySideParts, 'station'>,
): () => void {
  let known: { readonly station: Station; readonly side: RelaySide } | undefined;
  const follow = (): void => {
    const { station } = stations;
    if (station !== undefined && station === known?.station) return known.side.changed();
    if (station === undefined && known === undefined) return;
    known = station && { station, side: new RelaySide({ ...parts, station }) };
    speakFor(known?.side);
  };
  const stop = stations.watch(follow);
  follow();
  return () => {
    stop();
    speakFor(undefined);
  };
}
