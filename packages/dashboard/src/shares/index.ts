export { ShareButton } from './share-dialog.tsx';
export { SharesPanel } from './shares-panel.tsx';
