export type { CallHomeState, CallHomes } from './call-home.ts';
export { type PortRequest, PortRequests } from './port-requests.ts';
