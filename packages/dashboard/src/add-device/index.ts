export { AddDevicePage } from './add-device-page.tsx';
