export { LanBroker, type LanBrokerParts, type LanMessage } from './lan-broker.ts';
export type { LanConnection, LanDoor } from './lan-connection.ts';
export { openBrokerPorts } from './ports.ts';
export type { BrokerClient } from './sign-in.ts';
