export { Client, type ClientOptions } from './client.ts';
export { RemoteDevice } from './remote-device.ts';
export { RemoteService } from './remote-service.ts';
export type { SocketOptions } from './service-socket.ts';
