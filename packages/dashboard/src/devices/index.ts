export { DevicesPage } from './devices-page.tsx';
export { StatusLine } from './status-line.tsx';
