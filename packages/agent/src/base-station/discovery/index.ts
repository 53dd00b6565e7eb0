export { type Discovery, type DiscoveryStatus, openDiscovery } from './discovery.ts';
export { lanPorts } from './lan-ports.ts';
export type { Notice } from './notices.ts';
export type { PairingState } from './pairing.ts';
