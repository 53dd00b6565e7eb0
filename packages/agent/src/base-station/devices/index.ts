export { type LanDevice, NODE } from './lan-device.ts';
export { LanDevices, type MadeCredentials } from './lan-devices.ts';
export { ITERATIONS, mosquittoHash } from './mosquitto-hash.ts';
