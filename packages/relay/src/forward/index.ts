export type { DevicePorts, PortTarget, ReachOptions } from './device-ports.ts';
export { DeviceReach } from './device-reach.ts';
export { ForwardTable } from './forward-table.ts';
export type { Forwards } from './forwards.ts';
