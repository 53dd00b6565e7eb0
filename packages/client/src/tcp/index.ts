export {
  type ConnectOptions,
  type OpenLanTcp,
  openTunnel,
  platformWebSocket,
  type TcpTarget,
  type WebSocketConstructor,
} from './open-tunnel.ts';
export { type TcpConnection, tcpConnection } from './tcp-connection.ts';
export type { Tunnel } from './tunnel.ts';
