export { LanRequestNotices } from './lan-notices.tsx';
export { LanRequestList } from './lan-request-list.tsx';
export { lanDevicesQuery, useWaitingLanRequests } from './use-lan.ts';
export { WifiDevicesPanel } from './wifi-devices-panel.tsx';
