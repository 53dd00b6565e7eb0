export { deviceCommand } from './device-command.ts';
export { devicesCommand } from './devices-command.ts';
export { findDevice, parseTarget, requireOnline, serviceOf } from './find-device.ts';
export { servicesCommand } from './services-command.ts';
export { watchCommand } from './watch-command.ts';
