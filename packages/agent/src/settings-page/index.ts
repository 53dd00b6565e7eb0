export { forgetPassword } from './credentials.ts';
export type { Asked, DeviceControl, JoinWish, LinkChange, MqttWish } from './device-control.ts';
export { createPersonCheck } from './person.ts';
export { readPlace, type SettingsPlace } from './place.ts';
export { openSettingsPage, SettingsPageClosed, type SettingsPageParts } from './server.ts';
