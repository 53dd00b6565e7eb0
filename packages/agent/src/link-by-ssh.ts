import { AgentConfigFile, ConfigError } from './config/index.ts';
import { notJoined, relayAddress } from './create-link.ts';
import { hostKeyOf, openTransport, type Transport, transportsFor } from './link/index.ts';
import { leaveMqtt } from './mqtt-link/index.ts';

/** Each way is given so long to show the relay's host key. */
const HOST_KEY_TIMEOUT_MS = 15_000;

export interface BySsh {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * Makes the agent link to the relay that it joined by SSH again when it starts next; with `verify`, once the relay has
 * shown its host key by one of the ways, which is returned.
 * @throws ConfigError when no relay was joined, or none of the ways leads there; the link by MQTT stays then
 */
export async function linkBySsh(
  dataFolder: string,
  verify: BySsh | undefined,
): Promise<Transport | undefined> {
  const { relay } = await new AgentConfigFile(dataFolder).read();
  if (relay === undefined) throw notJoined();
  let found: Transport | undefined;
  if (verify !== undefined) {
    const reasons: string[] = [];
    const address = await relayAddress(relay, dataFolder);
    for (const transport of transportsFor(address, undefined)) {
      try {
        const { stream } = await openTransport(address, transport, verify);
        const shown = await hostKeyOf(stream, HOST_KEY_TIMEOUT_MS);
        if (shown !== relay.hostKey) throw new Error(`another host key answers there (${shown})`);
        found = transport;
        break;
      } catch (error) {
        reasons.push(`${transport}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (found === undefined) {
      throw new ConfigError(
        `the relay's SSH server cannot be reached (${reasons.join('; ')}): check firewalls on the way, or stay with MQTT`,
        { kind: 'unreachable' },
      );
    }
  }
  await leaveMqtt(dataFolder);
  return found;
}
