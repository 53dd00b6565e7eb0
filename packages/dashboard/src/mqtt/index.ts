export { AppPasswordsPanel } from './app-passwords-panel.tsx';
export { DeviceCredentialsPanel } from './device-credentials-panel.tsx';
