export type { EnrolmentTokenRecord, EnrolmentTokenStore } from './enrolment-token-store.ts';
export { EnrolmentTokens } from './enrolment-tokens.ts';
export {
  JOIN_REQUEST_LIFE_MS,
  type JoinAnswer,
  type JoinAsked,
  JoinRequestTable,
} from './join-request-table.ts';
export type { JoinRequests, JoinRequestViewer } from './join-requests.ts';
export { type Enroller, KeyEnrolment, type KeyToEnrol } from './key-enrolment.ts';
