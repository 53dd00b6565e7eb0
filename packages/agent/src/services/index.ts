export type { Gate, RequestAudit } from './gate.ts';
export { connectLocally } from './local-connections.ts';
export { Services } from './services.ts';
