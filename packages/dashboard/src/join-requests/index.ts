export { JoinRequestNotices } from './notices.tsx';
export { JoinRequestList } from './request-list.tsx';
export { JoinRequestsPage } from './requests-page.tsx';
export { usePendingRequests } from './use-requests.ts';
