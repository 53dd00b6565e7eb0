export type { BaseStation } from './base-station.ts';
export { BaseStationSwitch } from './base-station-switch.ts';
export { PLOT, plot } from './inputs/plot.ts';
export { followStation, type Refusal as RemoteRefusal } from './relay-side/index.ts';
