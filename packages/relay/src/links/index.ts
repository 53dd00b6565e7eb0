export type { Link, LinkConnection, LinkListener, LinkTransport, SideService } from './link.ts';
export { LinkAudit } from './link-audit.ts';
export { LinkTable, type LiveLinks } from './link-table.ts';
export { LinkWatch } from './link-watch.ts';
export { createLiveLinks } from './live-links.ts';
