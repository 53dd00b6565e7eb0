export { wifiActions } from './wifi-actions.ts';
export { wifiFragments, wifiPage } from './wifi-page.ts';
