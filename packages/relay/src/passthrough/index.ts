export { Passthrough } from './passthrough.ts';
export { PassthroughTable } from './passthrough-table.ts';
