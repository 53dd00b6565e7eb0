export { AgentLink, type AgentLinkParts, type LinkPhase } from './agent-link.ts';
export { Backoff } from './backoff.ts';
export { type BaseStationSide } from './base-station-channel.ts';
export { hostKeyOf } from './host-key.ts';
export { proxyFor } from './proxy-environment.ts';
export { type AcceptChannel, RelayConnection } from './relay-connection.ts';
export { dialTcp } from './tcp-dial.ts';
export { authorities, certificateTrouble, overTls } from './tls.ts';
export {
  openTransport,
  type RelayAddress,
  type Transport,
  transportsFor,
} from './transports.ts';
export { openWebSocket } from './web-socket.ts';
