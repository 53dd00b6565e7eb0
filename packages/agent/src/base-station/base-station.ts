import { createPublicKey } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { type BaseStationSettings, ConfigError } from '../config/index.ts';
import type { Logger } from '../log/index.ts';
import { createEmonEspRoute } from './adapters/emonesp/index.ts';
import { openBrokerSide } from './broker-side.ts';
import { type LanDevice, LanDevices, type MadeCredentials } from './devices/index.ts';
import { lanPorts, openDiscovery } from './discovery/index.ts';
import { EmoncmsPost } from './emoncms-post/index.ts';
import { openBaseStationKey } from './identity.ts';
import { Inputs } from './inputs/index.ts';
import { type Handover, LanJoins } from './join/index.ts';
import { type LanCall, openLanHttp } from './lan-http/index.ts';
import { hardwareAddressOf } from './neighbours.ts';
import { type LanRequest, LanRequests } from './requests/index.ts';
import { BaseStationUsers } from './users/index.ts';

export interface BaseStationParts {
  readonly dataFolder: string;
  readonly settings: BaseStationSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether a person sent this, with the settings page's password. */
  isPerson(call: LanCall): Promise<boolean>;
  /** A request came, was answered or went; a device was let in or changed. */
  onChange(): void;
  /** For the device's own account of what was done. */
  audit?(event: string, detail: Readonly<Record<string, string | undefined>>): void;
}

export type BaseStation = Awaited<ReturnType<typeof openBaseStation>>;

/**
 * The LAN side of an agent: lets in and supplies the WiFi devices around it. Everything of it is put together here.
 * @throws ConfigError: one line that names the cause and the mend
 */
export async function openBaseStation(parts: BaseStationParts) {
  const { dataFolder, settings, clock, logger, onChange } = parts;
  const ends: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
  };
  try {
    const identity = await openBaseStationKey(dataFolder);
    const requests = await LanRequests.open({ dataFolder, clock, onChange });
    /** Ends at once what was signed in with credentials that are no more. */
    let review = (): void => undefined;
    const changed = (): void => {
      review();
      onChange();
    };
    const users = await BaseStationUsers.open(dataFolder, changed);
    const isUser = (name: string) => users.byName(name) !== undefined;
    const devices = await LanDevices.open(dataFolder, changed, isUser);
    const inputs = new Inputs(clock);
    const post = settings.emoncms && (await EmoncmsPost.open({ settings: settings.emoncms, clock, logger }));
    ends.push(() => post?.close());
    const broker = await openBrokerSide({
      ...{ dataFolder, settings, devices, users, clock, logger },
      onMessage(message) {
        inputs.note(message);
        if (message.who.kind === 'device')
          post?.note(message.topic.slice(settings.baseTopic.length + 1), message.payload);
      },
    });
    ends.push(() => broker.close());
    review = () => broker.review();
    const joins = new LanJoins({ requests, identity, clock, logger, hardwareAddressOf });
    const { mqtt: mqttPort, mqtts: mqttsPort } = broker.ports;

    /** Lets a waiting device in under that name. @throws ConfigError */
    async function allow(
      id: string,
      wish: { name?: string | undefined; code?: string | undefined; by?: string | undefined } = {},
    ): Promise<void> {
      const request = requests.waiting(id);
      if (request === undefined) {
        throw new ConfigError('there is no such request any more: it asks again if it is there');
      }
      if (wish.code !== undefined && wish.code !== request.code) {
        throw new ConfigError('that is not its code: do not let it in, or look at the codes again');
      }
      await letIn(request, wish.name);
      note('WiFi device allowed', request, wish.by);
    }

    async function deny(id: string, by?: string): Promise<void> {
      const request = requests.waiting(id);
      await requests.deny(id);
      if (request !== undefined) note('WiFi device denied', request, by);
    }

    function note(event: string, { name, address, mac }: LanRequest, by: string | undefined): void {
      logger.info({ name, address, mac, by }, event);
      parts.audit?.(event, { device: name, address, mac, by });
    }

    async function letIn(request: LanRequest, wished: string | undefined): Promise<void> {
      const { id } = request;
      const name = wished ?? request.name;
      if (request.way === 'emonesp') {
        await requests.allow(id, { name });
        return;
      }
      const key = request.asker.slice('key '.length);
      const { address, mac } = request;
      const at = clock.now();
      const made = await devices.add({ name, way: 'porchlight', key, mac, address, node: undefined, at });
      const node = await devices.claimFreeNode(made.device.id, made.device.username);
      const secret = joins.seal(request, (host) => handoverFor(made, node, host));
      if (secret === undefined) {
        await devices.revoke(made.device.id, at);
        throw new ConfigError('the device has begun anew meanwhile: compare its new code');
      }
      await requests.allow(id, { name: made.device.name, ...secret });
    }

    function handoverFor({ device, password }: MadeCredentials, node: string, host: string): Handover {
      return {
        ...{ username: device.username, password, host },
        ...(mqttPort === undefined ? {} : { mqtt: mqttPort }),
        ...(mqttsPort === undefined || broker.ca === undefined ? {} : { mqtts: mqttsPort, ca: broker.ca }),
        topics: `${settings.baseTopic}/${node}/`,
      };
    }

    let look = (): void => undefined;
    const emonesp = createEmonEspRoute({
      ...{ requests, devices, baseTopic: settings.baseTopic, mqttPort: mqttPort ?? 1883, logger },
      hardwareAddressOf,
      nodeIsName: !broker.isOwn,
      isPerson: (call) => parts.isPerson(call),
      onLook: () => look(),
      allow: (id) => allow(id),
      now: () => clock.now(),
    });
    const routes = settings.emonesp && mqttPort !== undefined ? [joins.route, emonesp] : [joins.route];
    const http =
      settings.http === 'off'
        ? undefined
        : await openLanHttp({ listen: settings.http, routes, clock, logger });
    ends.push(() => http?.close());
    const publicKey = createPublicKey(identity);
    const open = { http: http?.port, mqtt: mqttPort, mqtts: mqttsPort };
    logger.info(open, 'base station open');
    const discovery = await openDiscovery({
      ...{ dataFolder, identity, hostName: settings.hostName, clock, logger, onChange },
      ports: lanPorts(settings, open),
      emonesp: settings.emonesp && mqttPort !== undefined,
    });
    ends.push(() => discovery.close());
    look = () => discovery.look();

    async function changeDevice(id: string, event: string, change: () => Promise<unknown>): Promise<void> {
      const device = devices.byId(id);
      if (device === undefined) throw new ConfigError('there is no such device');
      await change();
      logger.info({ device: device.name }, event);
      parts.audit?.(event, { device: device.name });
    }

    return {
      requests,
      /** Each as it is now, without anything secret. */
      devices: (): readonly LanDevice[] => devices.list(),
      publicKey,
      httpPort: http?.port,
      ports: open,
      /** PEM of the authority behind the broker's certificate. */
      authority: broker.ca,
      settings,
      inputs,
      users,
      /** Who is signed in at the broker. */
      connections: () => broker.connections(),
      /** A person looks at the requests. */
      look: () => discovery.look(),
      /** Tells devices where to ask, for a limited time. */
      pairing: discovery.pairing,
      /** How it is found, and who else was noticed. */
      discovery: () => discovery.status(),
      /** base64url of the SHA-256 of the 32 bytes of its key. */
      fingerprint: discovery.fingerprint,
      allow,
      deny,
      /** Lets somebody who was denied ask again. @returns false: there is no such denial */
      forget: (id: string) => requests.forget(id),
      /** @throws ConfigError: no such device, or its credentials were taken back */
      async rotate(id: string): Promise<MadeCredentials> {
        let made: MadeCredentials | undefined;
        if (devices.byId(id)?.revokedAt !== undefined)
          throw new ConfigError('its credentials were taken back: let it ask anew');
        await changeDevice(id, 'WiFi device got another password', async () => {
          made = await devices.rotate(id);
        });
        if (made === undefined) throw new ConfigError('there is no such device');
        return made;
      },
      /** Takes its credentials back; what it has open ends at once. @throws ConfigError */
      revoke: (id: string) => changeDevice(id, 'WiFi device revoked', () => devices.revoke(id, clock.now())),
      async putUser(wish: Omit<Parameters<BaseStationUsers['put']>[0], 'at'>): Promise<void> {
        if (
          devices.list().some(({ username, revokedAt }) => username === wish.name && revokedAt === undefined)
        )
          throw new ConfigError(`"${wish.name}" is the name of a device: choose another`);
        await users.put({ ...wish, at: clock.now() });
        parts.audit?.('base station user set', { user: wish.name, access: wish.access });
      },
      async removeUser(name: string): Promise<void> {
        if (!(await users.remove(name))) throw new ConfigError(`there is no user "${name}"`);
        parts.audit?.('base station user removed', { user: name });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
