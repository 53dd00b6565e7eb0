export { followStation, type StationSwitch } from './follow-station.ts';
export type { Refusal, Station } from './ports.ts';
export { RelaySide, type RelaySideParts } from './relay-side.ts';
