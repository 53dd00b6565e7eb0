export { CallHome, type CallHomeState, type CallHomes, type CallHomeView } from './call-home.ts';
export type { CallRecorder } from './caller.ts';
export { DeviceCommands, type ReadingSink } from './device-commands.ts';
export { type PortRequest, PortRequests } from './port-requests.ts';
