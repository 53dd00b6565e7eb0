export { type BaseStationUser, BaseStationUsers } from './base-station-users.ts';
