export { ForwardsPage } from './forwards-page.tsx';
export { ForwardsPanel } from './forwards-panel.tsx';
export { forwardsQuery } from './use-forwards.ts';
