export { AppPasswordsPanel } from './app-passwords-panel.tsx';
export { MqttConnectionsPanel } from './connections-panel.tsx';
export { DeviceCredentialsPanel } from './device-credentials-panel.tsx';
export { CredentialOnce } from './made-credential.tsx';
