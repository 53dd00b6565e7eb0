export { type JoinAnswer, type JoinAsked, JoinRequestTable } from './join-request-table.ts';
export type { JoinRequests, JoinRequestViewer } from './join-requests.ts';
