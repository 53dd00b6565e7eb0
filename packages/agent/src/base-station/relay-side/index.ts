export { followStation, type StationSwitch } from './follow-station.ts';
export type { Refusal, Station } from './ports.ts';
