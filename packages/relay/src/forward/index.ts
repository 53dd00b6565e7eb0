export { ForwardTable } from './forward-table.ts';
export type { Forwards } from './forwards.ts';
