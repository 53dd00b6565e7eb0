export { type Mdns, openMdns } from './mdns.ts';
export type { MdnsPacket, MdnsService } from './records.ts';
export type { Sender } from './responder.ts';
