export type { MqttCredentialRecord, MqttCredentialStore } from './credentials/credential-store.ts';
export { type CredentialOwner, MqttCredentials } from './credentials/credentials.ts';
export { type MqttIdentity, ownerOf } from './identity.ts';
export { Logins } from './logins.ts';
export type { MessageStore } from './messages/message-store.ts';
export { MqttBroker } from './mqtt-broker.ts';
export type { MqttConnection, MqttDoor, MqttMessage, MqttWatcher } from './mqtt-connection.ts';
export { MqttLinks } from './mqtt-links.ts';
export { MqttWebSockets } from './web-sockets.ts';
