export type { Link, LinkTransport } from './link.ts';
export { type LinkListener, LinkTable, type LiveLinks } from './link-table.ts';
