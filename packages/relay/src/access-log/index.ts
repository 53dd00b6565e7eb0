export type { AccessLog } from './access-log.ts';
export { openAccessLog } from './open-access-log.ts';
export { VisitWatch } from './visit-watch.ts';
