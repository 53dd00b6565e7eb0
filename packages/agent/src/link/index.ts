export { AgentLink, type LinkPhase } from './agent-link.ts';
export { authorities, type RelayAddress, type Transport } from './transports.ts';
