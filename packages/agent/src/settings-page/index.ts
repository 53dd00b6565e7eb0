export type { DeviceControl, Joining, JoinWish } from './device-control.ts';
export { readPlace, type SettingsPlace } from './place.ts';
export { openSettingsPage, SettingsPageClosed, type SettingsPageParts } from './server.ts';
