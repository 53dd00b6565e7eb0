export {
  type ConnectOptions,
  openTunnel,
  platformWebSocket,
  type TcpTarget,
  type WebSocketConstructor,
} from './open-tunnel.ts';
export { type TcpConnection, tcpConnection } from './tcp-connection.ts';
export { Tunnel } from './tunnel.ts';
