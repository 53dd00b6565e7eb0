export { RpcEndpoint, type RpcEndpointParts } from './endpoint.ts';
export { RpcDevices, type RpcHolder } from './rpc-devices.ts';
