import type { Clock } from '../../clock.ts';
import type { DeviceRecord } from '../../devices/index.ts';
import type { LinkDevice, MqttConnection, MqttLinks, MqttMessage, MqttWatcher } from '../../mqtt/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import { TokenBuckets } from '../../token-buckets.ts';
import type { HomeOwner } from './account-homes.ts';
import type { CallLineParts } from './call-line.ts';
import { EmoncmsEndpoint } from './emoncms-endpoint.ts';
import { answeredBy, requestTopic } from './messages.ts';

/** Lines in the log about one home's rubbish: five, then one a minute. */
const LOG_LINES = { capacity: 5, refillMs: 60_000 };

/** How often those of one identity begin or end to listen: each time a link comes or goes, with all that notes that. */
const TURNS = { capacity: 60, refillMs: 5_000 };

/** A connection that listens for requests. */
interface Client {
  readonly connection: MqttConnection;
  /** As its topics call the account. */
  readonly account: string;
  /** Undefined: it is being found out. */
  device: LinkDevice | undefined;
  /** Set while it is the one that serves the device. */
  endpoint: EmoncmsEndpoint | undefined;
}

export interface EmoncmsClientsParts {
  readonly links: Pick<MqttLinks, 'serve' | 'withdraw'>;
  /** The device of a client that names none. */
  readonly homes: { of(owner: HomeOwner): Promise<DeviceRecord> };
  /** The console's page about a home's feeds. */
  readonly page: (deviceId: string) => string;
  readonly dropped: CallLineParts['dropped'];
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Original emoncms clients: they sign in in an account's place and listen to `user/<account>/request`, and by that are
 * homes, each a device with a service. Of several at one home the last to listen serves.
 */
export class EmoncmsClients implements MqttWatcher {
  readonly #parts: EmoncmsClientsParts;
  /** In order of listening. */
  readonly #clients = new Map<MqttConnection, Client>();
  readonly #logLines: TokenBuckets;
  readonly #turns: TokenBuckets;

  constructor(parts: EmoncmsClientsParts) {
    this.#parts = parts;
    this.#logLines = new TokenBuckets(LOG_LINES, parts.clock);
    this.#turns = new TokenBuckets(TURNS, parts.clock);
  }

  /** Whether an original client serves the device now. */
  serves(deviceId: string): boolean {
    return [...this.#clients.values()].some((one) => one.device?.deviceId === deviceId && one.endpoint);
  }

  up(connection: MqttConnection): void {
    this.subscribed(connection);
  }

  subscribed(connection: MqttConnection): void {
    const account = accountsOf(connection).find((name) => connection.hasFilter(requestTopic(name)));
    const known = this.#clients.get(connection);
    if (known?.account === account) return;
    if (this.#turns.take(connection.identity.scope) > 0) {
      return connection.end('it begins and ends to listen too often');
    }
    if (known !== undefined) {
      this.#parts.links.withdraw(connection, 'the emoncms client does not listen any more');
      this.#forget(known);
    }
    if (account === undefined) return;
    const client: Client = { connection, account, device: undefined, endpoint: undefined };
    this.#clients.set(connection, client);
    const { deviceId, deviceName, accountId } = connection.identity;
    if (deviceId !== undefined && deviceName !== undefined && accountId !== undefined) {
      client.device = { deviceId, deviceName, accountId };
      this.#serve(client);
    } else this.#settle(client);
  }

  /** The link has ended already what went over the connection. */
  down(connection: MqttConnection): void {
    const client = this.#clients.get(connection);
    if (client !== undefined) this.#forget(client);
  }

  message(connection: MqttConnection, { topic, payload }: MqttMessage): void {
    const client = this.#clients.get(connection);
    const clientId = client && answeredBy(topic, [client.account]);
    if (client === undefined || clientId === undefined) return;
    if (client.endpoint === undefined) this.#parts.dropped.late.add(1);
    else client.endpoint.answer(clientId, payload);
  }

  /** Devices of clients that name none. */
  *homes(): Generator<{ readonly id: string; readonly accountId: string }> {
    for (const { connection, device } of this.#clients.values()) {
      if (device !== undefined && connection.identity.deviceId === undefined)
        yield { id: device.deviceId, accountId: device.accountId };
    }
  }

  /** The record of a device has changed: one that is blocked is served no more, and one that is so no longer again. */
  deviceChanged(deviceId: string): void {
    for (const client of this.#clients.values()) {
      const named = client.connection.identity.deviceId !== undefined;
      if (!named && client.device?.deviceId === deviceId) this.#settle(client);
    }
  }

  #settle(client: Client): void {
    this.#findDevice(client).catch((error: unknown) => {
      const { label: who } = client.connection.identity;
      this.#parts.logger.error({ error, who }, 'emoncms client without a device');
    });
  }

  async #findDevice(client: Client): Promise<void> {
    const { connection, account } = client;
    const { accountId } = connection.identity;
    if (accountId === undefined) return;
    const device = await this.#parts.homes.of({
      accountId,
      accountName: account,
      address: connection.address,
    });
    if (this.#clients.get(connection) !== client) return;
    client.device = { deviceId: device.id, deviceName: device.name, accountId };
    if (device.blockedAt !== undefined) {
      this.#parts.links.withdraw(connection, 'the device was blocked');
      client.endpoint = undefined;
    } else if (client.endpoint === undefined && this.#lastOf(client.device) === client) this.#serve(client);
  }

  #serve(client: Client): void {
    const { connection, account, device } = client;
    if (device === undefined) return;
    for (const other of this.#clients.values()) {
      if (other.device?.deviceId === device.deviceId) other.endpoint = undefined;
    }
    const { clock, dropped, logger, page } = this.#parts;
    client.endpoint = new EmoncmsEndpoint({
      ...{ account, clock, dropped },
      send: (topic, payload) => connection.send(topic, payload),
      page: () => page(device.deviceId),
      complain: (reason) => {
        if (this.#logLines.take(device.deviceId) > 0) return;
        logger.warn({ device: device.deviceName, reason }, 'answer of an emoncms client not understood');
      },
    });
    this.#parts.links.serve(device, connection, client.endpoint);
  }

  /** Whoever listened before serves again. */
  #forget(client: Client): void {
    this.#clients.delete(client.connection);
    const before = client.endpoint && client.device && this.#lastOf(client.device);
    if (before !== undefined) this.#serve(before);
  }

  #lastOf({ deviceId }: LinkDevice): Client | undefined {
    return [...this.#clients.values()].findLast(({ device }) => device?.deviceId === deviceId);
  }
}

/** What the account is called in its topics, for those who sign in in its place. */
function accountsOf({ identity: { kind, prefixes } }: MqttConnection): string[] {
  if (kind !== 'account' && kind !== 'app-password') return [];
  return prefixes.flatMap((prefix) => /^user\/([^/]+)\/$/.exec(prefix)?.[1] ?? []);
}
