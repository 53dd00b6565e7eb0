export { LanJoins } from './lan-joins.ts';
export type { Handover } from './messages.ts';
