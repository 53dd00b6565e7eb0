import { join } from 'node:path';
import { joinCode } from '@porchlight/protocol';
import {
  type AgentConfig,
  ConfigError,
  openIdentity,
  type RelaySettings,
  readAuthority,
} from './config/index.ts';
import { AgentLink, type AgentLinkParts, type RelayAddress } from './link/index.ts';
import { createMqttLink, type MqttLink, readKeptBroker } from './mqtt-link/index.ts';
import { VERSION } from './version.ts';

const WEBSOCKET_PATH = '/.well-known/porchlight/link';

type LinkParts = Pick<
  AgentLinkParts,
  'clock' | 'logger' | 'random' | 'environment' | 'onPhase' | 'onDenied' | 'onChannel'
>;

export interface DeviceLink {
  readonly link: AgentLink | MqttLink;
  /** Domain of the relay. */
  readonly relay: string;
  /** Code of this device and this relay, as a join request shows it; over MQTT there is none. */
  readonly code: string;
}

/** True when the configuration says where to go: a relay that was joined, or MQTT. */
export function knowsRelay({ relay, mqtt }: AgentConfig): boolean {
  return relay !== undefined || mqtt !== undefined;
}

/** The device does not know where to go. */
export function notJoined(): ConfigError {
  return new ConfigError(
    'this device has joined no relay yet: run "porchlight agent join https://RELAY" first',
  );
}

/** Where the relay that was joined is. @throws ConfigError when its authority cannot be read */
export async function relayAddress(relay: RelaySettings, dataFolder: string): Promise<RelayAddress> {
  const ca = relay.ca === undefined ? undefined : await readAuthority(join(dataFolder, relay.ca));
  return { ssh: relay.ssh, origin: relay.https, websocketPath: WEBSOCKET_PATH, ca };
}

/**
 * The link that the configuration asks for: by MQTT alone where it says so, otherwise to the relay that was joined.
 * @throws ConfigError when there is neither, or a file of it cannot be read
 */
export async function createLink(
  { relay, mqtt, name = 'device' }: AgentConfig,
  dataFolder: string,
  parts: LinkParts,
): Promise<DeviceLink> {
  if (mqtt !== undefined) {
    const link = await createMqttLink({
      ...parts,
      ...(await readKeptBroker(dataFolder, mqtt)),
      agent: `porchlight ${VERSION}`,
    });
    return { link, relay: new URL(mqtt.url).hostname, code: '' };
  }
  if (relay === undefined) throw notJoined();
  const identity = await openIdentity(dataFolder);
  const link = new AgentLink({
    ...parts,
    relay: await relayAddress(relay, dataFolder),
    hostKeyFingerprint: relay.hostKey,
    privateKey: identity.privateKey.reveal(),
    hello: { agent: VERSION, name, account: undefined, token: undefined },
  });
  return { link, relay: relay.domain, code: await joinCode(identity.fingerprint, relay.hostKey) };
}
