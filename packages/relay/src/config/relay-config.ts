import { z } from 'zod';
import { type ConfigKey, describeKeys, key, optionalKey, section } from './keys.ts';
import {
  addressBlocks,
  addresses,
  choice,
  count,
  databaseUrl,
  domain,
  host,
  path,
  pathsHost,
  portOrOff,
  portRange,
  publicPort,
  upstreamUrl,
  yesOrNo,
} from './values.ts';

const hostOf = (what: string, fallback = 'auto') =>
  key(host, {
    description: `Address to listen on for ${what}.${fallback === 'auto' ? ' "auto": 127.0.0.1 when the domain is localhost or ends in .localhost, otherwise every address.' : ''}`,
    default: fallback,
  });

const publicPortOf = (what: string, flag: string, example: string) =>
  optionalKey(publicPort, {
    description: `The ${what} port as seen from outside, where a router or container maps it to another one.`,
    flag,
    example,
  });

const limit = (fallback: number, max: number, description: string, unit?: string) =>
  key(count(1, max), { description, default: String(fallback), ...(unit === undefined ? {} : { unit }) });

/** Every key of the relay's configuration with its type, default, flag and description. */
const keys = z.strictObject({
  data: key(path, {
    description: 'Folder for everything the relay keeps: its database, keys and lock. Made if it is missing.',
    flag: 'data <folder>',
    default: '~/.porchlight/relay',
    isPath: true,
  }),
  domain: key(domain, {
    description:
      'Domain of the relay. The console is at this name; each published service gets a host name below it, so DNS needs both DOMAIN and *.DOMAIN.',
    flag: 'domain <name>',
    default: 'localhost',
  }),
  http: section('Plain HTTP: redirects to HTTPS, and serves directly on loopback names.', {
    port: key(portOrOff, {
      description: 'Port for HTTP; 0 for any free one, "off" for none. A public relay wants 80.',
      flag: 'http <port>',
      default: '8080',
    }),
    host: hostOf('HTTP'),
    publicPort: publicPortOf('HTTP', 'http-public-port <port>', '80'),
  }),
  https: section('HTTPS: the console, the API, published services, and SSH told apart by its first bytes.', {
    port: key(portOrOff, {
      description: 'Port for HTTPS; 0 for any free one, "off" for none. A public relay wants 443.',
      flag: 'https <port>',
      default: '8443',
    }),
    host: hostOf('HTTPS'),
    publicPort: publicPortOf('HTTPS', 'https-public-port <port>', '443'),
  }),
  ssh: section('SSH: where devices dial in.', {
    port: key(portOrOff, {
      description: 'Port for SSH; 0 for any free one, "off" to take it on the HTTPS port only.',
      flag: 'ssh <port>',
      default: '2222',
    }),
    host: hostOf('SSH'),
    publicPort: publicPortOf('SSH', 'ssh-public-port <port>', '22'),
  }),
  mqtt: section('MQTT without TLS: for clients on this machine.', {
    port: key(portOrOff, {
      description: 'Port for MQTT without TLS, on 127.0.0.1 only; 0 for any free one, "off" for none.',
      flag: 'mqtt <port>',
      default: '1883',
    }),
    insecurePlainHost: optionalKey(host, {
      description:
        'Another address to listen on for MQTT without TLS. Names, passwords and messages can then be read and changed by everyone on the way: only inside a network that you trust whole.',
      flag: 'mqtt-insecure-plain-host <address>',
      example: '0.0.0.0',
    }),
  }),
  mqtts: section('MQTT over TLS, with the certificate of HTTPS; off where HTTPS is off.', {
    port: key(portOrOff, {
      description:
        'Port for MQTT over TLS; 0 for any free one, "off" to take it on the HTTPS port only (ALPN "mqtt", and WebSocket at /mqtt).',
      flag: 'mqtts <port>',
      default: '8883',
    }),
    host: hostOf('MQTT over TLS'),
    publicPort: publicPortOf('MQTT over TLS', 'mqtts-public-port <port>', '8883'),
  }),
  tls: section('Certificate for HTTPS. With none given the relay makes a certificate authority of its own.', {
    certificate: optionalKey(path, {
      description:
        'PEM file with the certificate for DOMAIN and *.DOMAIN, followed by its chain. Read again when it changes.',
      flag: 'tls-certificate <file>',
      example: '/etc/letsencrypt/live/relay.example/fullchain.pem',
      isPath: true,
    }),
    key: optionalKey(path, {
      description: 'PEM file with the private key of the certificate, without a pass phrase.',
      flag: 'tls-key <file>',
      example: '/etc/letsencrypt/live/relay.example/privkey.pem',
      isPath: true,
    }),
  }),
  database: optionalKey(databaseUrl, {
    description:
      'PostgreSQL to keep records in; without it they are kept in SQLite in the data folder. Better given through PORCHLIGHT_DATABASE_FILE: flags can be read by every user of the machine.',
    flag: 'database <url>',
    example: 'postgres://porchlight:password@db.example/porchlight',
    secret: true,
  }),
  metrics: section('Prometheus metrics, at /metrics of a port of their own.', {
    port: key(portOrOff, {
      description: 'Port for metrics; 0 for any free one, "off" for none.',
      flag: 'metrics <port>',
      default: 'off',
    }),
    host: hostOf('metrics', '127.0.0.1'),
  }),
  log: section('The log, on standard output.', {
    format: key(choice('text', 'json'), {
      description: '"text" for people, "json" for programs: one object a line.',
      flag: 'log <format>',
      default: 'text',
    }),
    level: key(choice('debug', 'info', 'warn', 'error'), {
      description: 'The least important lines to write: debug, info, warn or error.',
      flag: 'log-level <level>',
      default: 'info',
    }),
  }),
  accessLog: section('The access log: one line for each finished request to a published service.', {
    file: optionalKey(path, {
      description: 'File to write to; its folder must exist. Without it no access log is kept.',
      flag: 'access-log <file>',
      example: '/var/log/porchlight/access.log',
      isPath: true,
    }),
    format: key(choice('combined', 'json'), {
      description:
        '"combined" as Apache and nginx write it, with host and seconds behind; "json": one object a line.',
      flag: 'access-log-format <format>',
      default: 'combined',
    }),
    maxMegabytes: key(count(0, 1_000_000), {
      description:
        'The file is set aside as FILE.1, and so on, before it grows beyond this; 0: never, another program does it.',
      default: '100',
      unit: 'MB',
    }),
    keep: key(count(0, 1000), {
      description: 'How many files that were set aside are kept.',
      default: '5',
    }),
  }),
  emoncms: section('Original emoncms clients, and people who have an emoncms account elsewhere.', {
    upstream: optionalKey(upstreamUrl, {
      description:
        'An emoncms that is asked about names which this relay does not know: who can sign in there gets an account here. Only a hash of our own is kept.',
      flag: 'emoncms-upstream <url>',
      example: 'https://emoncms.example',
    }),
  }),
  trustedProxies: key(addressBlocks, {
    description:
      "Addresses of reverse proxies in front of the relay, whose word about the visitor's address is taken. None by default: then nobody's is.",
    flag: 'trusted-proxies <addresses>',
    default: '',
    example: '127.0.0.1, 10.0.0.0/8',
  }),
  forwards: section('TCP ports that people open for a while to reach a port or tcp service of a device.', {
    host: hostOf('forwards', '127.0.0.1'),
    ports: key(portRange, {
      description: 'Ports that forwards may take; 0 for any free one.',
      flag: 'forward-ports <range>',
      default: '30000-30999',
    }),
    mayBind: key(addresses, {
      description:
        'Further addresses of this machine on which people may ask for a forward; 0.0.0.0 for all. Without any they get forwards.host, or loopback.',
      flag: 'forwards-may-bind <addresses>',
      default: '',
      example: '0.0.0.0',
    }),
    maxMinutes: key(count(1, 14 * 24 * 60), {
      description: 'The longest life of a forward that people may ask for.',
      flag: 'forwards-max-minutes <minutes>',
      default: '1440',
      unit: 'minutes',
    }),
  }),
  paths: section('Services published under a path, such as https://paths.DOMAIN/zumi01/.', {
    host: key(pathsHost, {
      description:
        'Host name for path routes. "auto": paths.DOMAIN; "off": none. Everything below one host name is one zone of trust for browsers: a page of one path can read and do what another path may. A name outside DOMAIN needs a certificate from files that is for it too.',
      flag: 'paths-host <name>',
      default: 'auto',
    }),
    insecureOnConsole: key(yesOrNo, {
      description:
        'Serves path routes at DOMAIN itself too, as one origin with the console. Then a page of any device with a path can do in the console whatever its signed-in visitor may: only where all devices with a path are yours and trusted.',
      flag: 'insecure-paths-on-console <true-or-false>',
      default: 'false',
    }),
    insecureForMembers: key(yesOrNo, {
      description:
        'Lets members publish under paths too, not only admins. Then a page of one account can act as its visitor at the paths of all other accounts: only where all accounts trust each other.',
      flag: 'insecure-paths-for-members <true-or-false>',
      default: 'false',
    }),
  }),
  limits: section('How much the relay takes on, so that nobody can wear it out.', {
    maxDevicesPerAccount: limit(1000, 1_000_000, 'Most devices of one account.'),
    pathRoutesPerAccount: limit(100, 10_000, 'Most path routes of one account.'),
    maxUnauthenticatedPerAddress: limit(
      20,
      10_000,
      'Most SSH connections from one address that have not proven a key yet.',
    ),
    joinRequestsPerAddress: limit(5, 10_000, 'Most pending join requests from one address.'),
    joinRequests: limit(200, 100_000, 'Most pending join requests in all.'),
    channelsPerLink: limit(256, 10_000, 'Most open channels of one device.'),
    drainSeconds: limit(30, 3600, 'How long a stopping relay waits for what is in flight.', 'seconds'),
    handshakeSeconds: limit(20, 600, 'How long a connection may take to prove who it is.', 'seconds'),
  }),
});

/** Names that never leave the machine (RFC 6761 §6.3). */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

/** The address to listen on; undefined: every address, IPv6 and IPv4. */
function listener<T extends { host: string }>(
  part: T,
  domainName: string,
): Omit<T, 'host'> & { host: string | undefined } {
  const chosen = isLoopbackName(domainName) ? '127.0.0.1' : undefined;
  return { ...part, host: part.host === 'auto' ? chosen : part.host };
}

/** What is wrong with a host name for path routes; undefined: nothing. */
function pathsHostProblem(name: string, domainName: string, certificateGiven: boolean): string | undefined {
  if (name === 'auto' || name === 'off') return undefined;
  if (name === domainName || name === 'localhost') {
    return 'is where the console is: give another name, or accept the risk with paths.insecureOnConsole';
  }
  if (name === `hue.${domainName}`) return 'is where the Hue remote API is: give another name';
  if (!name.endsWith(`.${domainName}`)) {
    return certificateGiven || isLoopbackName(name)
      ? undefined
      : `is not below ${domainName}, for which alone the relay's own authority can vouch: give tls.certificate and tls.key`;
  }
  return name.slice(0, -domainName.length - 1).includes('--')
    ? 'has "--", as only names of published services do: give one without'
    : undefined;
}

/** The host name for path routes; undefined: there is none. */
function settledPathsHost(name: string, domainName: string): string | undefined {
  if (name === 'off') return undefined;
  return name === 'auto' ? `paths.${domainName}` : name;
}

type Frozen<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends { reveal(): string }
    ? T
    : T extends object
      ? { readonly [K in keyof T]: Frozen<T[K]> }
      : T;

/** The one schema: takes the nested text of all sources, gives the settled configuration. */
export const relayConfig = keys
  .superRefine((config, context) => {
    const fail = (at: string[], message: string) => context.addIssue({ code: 'custom', path: at, message });
    if ((config.tls.certificate === undefined) !== (config.tls.key === undefined)) {
      fail(
        ['tls', config.tls.key === undefined ? 'key' : 'certificate'],
        'must be given too: the certificate and its key come as a pair',
      );
    }
    if (config.https.port === 'off' && config.http.port === 'off') {
      fail(
        ['https', 'port'],
        'and http.port are both off, so nobody could reach the relay: give one of them a port',
      );
    }
    const problem = pathsHostProblem(config.paths.host, config.domain, config.tls.certificate !== undefined);
    if (problem !== undefined) fail(['paths', 'host'], problem);
  })
  .transform((config) => {
    const settle = <T extends { host: string }>(part: T) => listener(part, config.domain);
    return {
      ...config,
      http: settle(config.http),
      https: settle(config.https),
      ssh: settle(config.ssh),
      mqtt: { port: config.mqtt.port, host: config.mqtt.insecurePlainHost ?? '127.0.0.1' },
      mqtts: settle(config.mqtts),
      metrics: settle(config.metrics),
      forwards: settle(config.forwards),
      paths: { ...config.paths, host: settledPathsHost(config.paths.host, config.domain) },
    };
  });

/** The relay's configuration, frozen. Ports are as wished: 0 means that the system chooses. */
export type RelayConfig = Frozen<z.output<typeof relayConfig>>;

/** Keys and sections by name, in the order of the reference. */
export const configNodes = describeKeys(keys);

/** All keys, flat. */
export const configKeys: readonly ConfigKey[] = [...configNodes.values()].flatMap((node) =>
  node.kind === 'key' ? [node.key] : [...node.keys.values()],
);
