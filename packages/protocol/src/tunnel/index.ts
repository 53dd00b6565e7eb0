export {
  BEARER_SUBPROTOCOL,
  parseTunnelAsk,
  parseTunnelSay,
  REFUSED_SUBPROTOCOL,
  SERVICE_SUBPROTOCOL,
  subprotocols,
  TCP_SUBPROTOCOL,
  TUNNEL_ASK_MAX,
  TUNNEL_CLOSED,
  TUNNEL_MESSAGE_MAX,
  type TunnelAsk,
  type TunnelSay,
  tunnelPath,
} from './messages.ts';
export { ReceiveWindow, SendWindow, TUNNEL_WINDOW } from './windows.ts';
