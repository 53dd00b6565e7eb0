import { isAbsolute } from 'node:path';
import { isDeviceName, isServiceName, SERVICES_MAX } from '@porchlight/protocol';
import { isLanAddress, parseTcpAddress } from '@porchlight/protocol/lan';
import { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { parseTarget } from './target.ts';

const HOST = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;
const HOST_PORT = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):([0-9]{1,5})$/;

const hostPort = z.string().transform((text, context) => {
  const [, address6, name, digits] = HOST_PORT.exec(text) ?? [];
  const host = address6 ?? name ?? '';
  const port = Number(digits ?? 0);
  if (port >= 1 && port <= 65_535 && (address6 !== undefined || HOST.test(host))) return { host, port };
  context.addIssue({ code: 'custom', message: 'must be HOST:PORT, e.g. relay.example.net:2222' });
  return z.NEVER;
});

/** An origin (RFC 6454): `https://host[:port]`; plain `http:` only on loopback names, for a relay on trial. */
const origin = z.string().refine((text) => {
  const url = URL.parse(text);
  if (url === null || (text !== url.origin && text !== `${url.origin}/`)) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}, 'must be the address of the relay without a path, e.g. https://relay.example.net');

function isLoopback(host: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(host);
}

/** The relay that the device belongs to, as pinned when it joined. */
export const relaySettings = z.strictObject({
  domain: z.string().max(253).regex(HOST, 'must be a domain name, e.g. relay.example.net'),
  ssh: hostPort,
  https: origin.transform((text) => new URL(text).origin),
  hostKey: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, "must be the fingerprint of the relay's host key, as SHA256:…"),
  /** File with the certificate authority to trust for `https`, relative to the data folder. */
  ca: z.string().min(1).max(4096).optional(),
});
export type RelaySettings = z.output<typeof relaySettings>;
/** As it stands in `agent.yaml`: `ssh` is `host:port`. */
export type RelaySettingsText = z.input<typeof relaySettings>;

const target = z.string().transform((text, context) => {
  try {
    return parseTarget(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});

const LAN_ORIGIN_FAULT =
  'must be an address without a path, e.g. http://192.168.1.20:8080 or tcp://192.168.1.20:22, or auto';

function isTcp(address: string): boolean {
  return parseTcpAddress(address) !== undefined;
}

/** One exposed service. */
export const serviceSettings = z
  .strictObject({
    target,
    /** Believe any certificate of the local server; for `https:` targets with a certificate of their own making. */
    insecureSkipVerify: z.boolean().default(false),
    /** Programs on the LAN may find it there: at this origin, or `auto`: where its target is. */
    lan: z.union([z.literal('auto'), z.string().refine(isLanAddress, LAN_ORIGIN_FAULT)]).optional(),
  })
  .refine(
    ({ lan, target: { kind } }) => lan === undefined || lan === 'auto' || isTcp(lan) === (kind === 'tcp'),
    {
      path: ['lan'],
      message: 'is of another kind than the target: tcp:// belongs to tcp://, http:// to http://',
    },
  )
  .refine((service) => !service.insecureSkipVerify || service.target.tls, {
    path: ['insecureSkipVerify'],
    message: 'means something for https: targets only: remove it',
  });
export type ServiceSettings = z.output<typeof serviceSettings>;
export type ServiceSettingsText = z.input<typeof serviceSettings>;

const serviceName = z
  .string()
  .refine(isServiceName, 'is no service name: use 1 to 29 lower-case letters, digits and inner hyphens');

/** A broker's address: with TLS, or on loopback names for a relay on trial. */
const brokerUrl = z.string().refine((text) => {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  if (url.protocol === 'mqtts:' || url.protocol === 'wss:') return true;
  return (url.protocol === 'mqtt:' || url.protocol === 'ws:') && isLoopback(url.hostname);
}, 'must be the address of the relay for MQTT, e.g. mqtts://relay.example.net or wss://relay.example.net/mqtt');

/** How the device links by MQTT alone. */
export const mqttSettings = z.strictObject({
  url: brokerUrl,
  user: z.string().refine(isDeviceName, 'must be the name of the device at the relay'),
  /** File with the password, relative to the data folder. */
  passwordFile: z.string().min(1).max(4096),
  /** File with the certificate authority to trust, relative to the data folder. */
  ca: z.string().min(1).max(4096).optional(),
});
export type MqttSettings = z.output<typeof mqttSettings>;

/** @throws ConfigError that says what of it cannot be used */
export function checkMqttSettings(settings: MqttSettings): void {
  const [issue] = mqttSettings.safeParse(settings).error?.issues ?? [];
  if (issue === undefined) return;
  const what = issue.path[0] === 'user' ? 'the user for MQTT' : 'the address for MQTT';
  throw new ConfigError(`${what} ${issue.message}`);
}

/** Where the settings page is: `host:port`, or nowhere. */
export const settingsListen = z.string().transform((text, context): Listen | 'off' => {
  if (text === 'off') return 'off';
  const [, address6, name, digits] = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = address6 ?? name;
  const port = Number(digits);
  if (host !== undefined && port <= 65_535) return { host, port };
  context.addIssue({ code: 'custom', message: 'must be HOST:PORT, e.g. 0.0.0.0:8094 for the LAN, or off' });
  return z.NEVER;
});
export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** @throws ConfigError */
export function parseListen(text: string): Listen | 'off' {
  const read = settingsListen.safeParse(text);
  if (read.success) return read.data;
  throw new ConfigError(`"${text}" is no place for the settings page: give HOST:PORT, or off`);
}

const absolutePath = z
  .string()
  .max(4096)
  .refine((path) => isAbsolute(path), 'must be a whole path, from / on');

/** The LAN side of a base station. Each default is what old firmware expects. */
export const baseStationSettings = z.strictObject({
  /** Where devices ask to be let in; firmware asks port 80. */
  http: settingsListen.default(() => ({ host: '0.0.0.0', port: 80 })),
  /** The broker, without TLS and with it. */
  mqtt: settingsListen.default(() => ({ host: '0.0.0.0', port: 1883 })),
  mqtts: settingsListen.default(() => ({ host: '0.0.0.0', port: 8883 })),
  /** What it is called on the LAN, with `.local` behind it; another's name gets a number. */
  hostName: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, 'must be lower-case letters, digits and inner hyphens')
    .default('porchlight'),
  /** First level of the topics of devices. */
  baseTopic: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, 'must be one level of a topic, without colon or slash')
    .default('emon'),
  /** Whether devices with EmonESP's firmware, whose hand-over travels in clear, are let in too. */
  emonesp: z.boolean().default(true),
  /** Whether the device's owner may answer requests through the relay. */
  remoteAllow: z.boolean().default(true),
  /** Use a mosquitto that runs here in place of a broker of our own; `mqtt` and `mqtts` are then where it listens. */
  mosquitto: z
    .strictObject({
      /** Its `password_file` and its `acl_file`, which are the agent's to write from then on. */
      passwordFile: absolutePath,
      aclFile: absolutePath,
      /** How it is made to read them again: its `pid_file`, which is signalled, or a command. */
      reload: z.union([
        z.strictObject({ pidFile: absolutePath }),
        z.strictObject({ command: z.array(z.string().min(1).max(4096)).min(1).max(20) }),
      ]),
      /** File with the authority behind its certificate; without it devices are told of no port with TLS. */
      ca: absolutePath.optional(),
    })
    .optional(),
  /** Post what devices publish to this emoncms on the LAN, too. */
  emoncms: z
    .strictObject({
      url: z
        .string()
        .max(2048)
        .refine(
          (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''),
          'must be the address of emoncms, e.g. http://localhost/emoncms',
        ),
      /** File with its read and write API key. */
      apiKeyFile: absolutePath,
    })
    .optional(),
  /** Whether what devices publish is passed on to the relay, as the device's own readings. */
  passOn: z.boolean().default(false),
});
export type BaseStationSettings = z.output<typeof baseStationSettings>;
/** As it stands in `agent.yaml`: places are `host:port` or `off`. */
export type BaseStationSettingsText = Partial<z.input<typeof baseStationSettings>>;

/** The whole of `agent.yaml`. Defaults stand here and nowhere else; unknown keys are refused. */
export const agentConfig = z.strictObject({
  /** Absent until the device has joined. */
  relay: relaySettings.optional(),
  /** When present, the device links by MQTT alone, and not as `relay` says. */
  mqtt: mqttSettings.optional(),
  /** The name that the device proposes when it joins. */
  name: z
    .string()
    .refine(isDeviceName, 'must be 1 to 32 lower-case letters, digits and inner hyphens')
    .optional(),
  /** Where the settings page is; a flag or the environment goes before it. */
  settingsPage: settingsListen.optional(),
  /** The door by which programs on the LAN find services that are open there; absent or off: there is none. */
  lan: settingsListen.optional(),
  /** Lets in and supplies the WiFi devices around it; absent: it does not. */
  baseStation: baseStationSettings.optional(),
  /** By name, in the order of the file. */
  services: z
    .map(serviceName, serviceSettings)
    .refine(
      (services) => services.size <= SERVICES_MAX,
      `has more than ${SERVICES_MAX} services: remove some`,
    )
    .default(() => new Map()),
});
export type AgentConfig = z.output<typeof agentConfig>;
