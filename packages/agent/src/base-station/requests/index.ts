export type { Allowance, Denial, LanRequest } from './lan-request.ts';
export { type Asked, type Asking, FETCH_MS, LanRequests } from './lan-requests.ts';
