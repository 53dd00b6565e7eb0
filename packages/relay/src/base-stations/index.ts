export {
  type BaseStation,
  type BaseStationOwner,
  type BaseStations,
  BaseStationTable,
  type LanAnswer,
} from './base-station-table.ts';
