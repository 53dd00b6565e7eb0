export type { BaseStation } from './base-station.ts';
export { BaseStationSwitch } from './base-station-switch.ts';
