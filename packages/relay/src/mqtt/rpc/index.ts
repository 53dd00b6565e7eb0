export { ChannelServer } from './channel-server.ts';
export { RpcEndpoint, type RpcEndpointParts } from './endpoint.ts';
export { KnownServices } from './known-services.ts';
export { RpcDevices, type RpcHolder } from './rpc-devices.ts';
