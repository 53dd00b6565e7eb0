import { z } from 'zod';
import { id, instant } from './common.ts';

/** What a device signs in to the MQTT broker with: its own name as the user name, and a password of its own. */
export const mqttCredential = z.object({
  id,
  name: z.string(),
  createdAt: instant,
  lastUsedAt: instant.optional(),
});
export type MqttCredential = z.infer<typeof mqttCredential>;

export const newMqttCredential = z.strictObject({
  /** What it is for. */
  name: z.string().trim().max(100).default(''),
});
export type NewMqttCredential = z.input<typeof newMqttCredential>;

/** The password itself is shown here and never again. */
export const madeMqttCredential = mqttCredential.extend({
  username: z.string(),
  password: z.string(),
});
export type MadeMqttCredential = z.infer<typeof madeMqttCredential>;

export const mqttCredentialParams = z.object({ id, credential: id });

/** An MQTT client that is connected now. */
export const mqttConnection = z.object({
  id,
  /** `device`: a device itself. `app-password`: a program, by one of those. `account`: by name and password. */
  kind: z.enum(['account', 'app-password', 'device']),
  /** The device itself, or the home that the app password names. */
  deviceId: id.optional(),
  deviceName: z.string().optional(),
  /** Of the credential or app password that it came in with. */
  credentialId: id.optional(),
  /** As the client calls itself. */
  clientId: z.string(),
  address: z.string(),
  /** By which way: MQTT, MQTT over TLS, the HTTPS port, or a WebSocket. */
  door: z.enum(['mqtt', 'mqtts', 'https', 'websocket']),
  since: instant,
  subscriptions: z.number().int(),
  /** Bytes of MQTT packets from it and to it; what TLS and WebSockets add is not counted. */
  bytesIn: z.number(),
  bytesOut: z.number(),
  /** Bytes that wait because it does not read. */
  unread: z.number(),
});
export type MqttConnection = z.infer<typeof mqttConnection>;

export const mqttConnectionQuery = z.strictObject({
  /** Of this device only: its own, and those of app passwords that name it. */
  device: id.optional(),
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

/** A password for a program that acts at the MQTT broker in an account's place, without the account's own password. */
export const appPassword = z.object({
  id,
  name: z.string(),
  /** The device that it stands for, where an account has several homes. */
  deviceId: id.optional(),
  createdAt: instant,
  lastUsedAt: instant.optional(),
});
export type AppPassword = z.infer<typeof appPassword>;

export const newAppPassword = z.strictObject({
  name: z.string().trim().min(1).max(100),
  deviceId: id.optional(),
});
export type NewAppPassword = z.input<typeof newAppPassword>;

/** The password itself is shown here and never again. */
export const madeAppPassword = appPassword.extend({ username: z.string(), password: z.string() });
export type MadeAppPassword = z.infer<typeof madeAppPassword>;
