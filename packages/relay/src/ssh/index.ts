export { DeviceAdmission } from './device-admission.ts';
export { DeviceConnections } from './device-connections.ts';
export type { DeviceKey } from './device-key.ts';
export { DeviceSession } from './device-session.ts';
export { type HostKey, loadHostKey } from './host-key.ts';
export { type PublicKeyLine, parsePublicKeyLine } from './public-key-line.ts';
export { type IncomingSocket, SshServer } from './ssh-server.ts';
