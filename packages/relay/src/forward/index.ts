export type { DevicePorts, PortTarget, ReachOptions } from './device-ports.ts';
export { DeviceReach } from './device-reach.ts';
export { ForwardTable } from './forward-table.ts';
export type { ForwardAsker, Forwards, ForwardWish } from './forwards.ts';
export { Tunnels } from './web-socket/tunnels.ts';
