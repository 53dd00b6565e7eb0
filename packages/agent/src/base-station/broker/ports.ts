import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { ConfigError, type Listen, systemErrorCode } from '../../config/index.ts';
import type { LanDoor } from './lan-connection.ts';
import { CONNECTIONS_MAX } from './limits.ts';

/** Slow WiFi and slow processors: an ESP8266 takes three seconds. */
const HANDSHAKE_MS = 15_000;

export interface BrokerPortsParts {
  readonly mqtt: Listen | undefined;
  readonly mqtts: Listen | undefined;
  readonly certificate: { readonly key: string; readonly chain: string };
  accept(socket: Socket, from: { readonly address: string; readonly door: LanDoor }): void;
}

/** Opens the broker's ports on the LAN. @throws ConfigError: a port is taken */
export async function openBrokerPorts({ mqtt, mqtts, certificate, accept }: BrokerPortsParts) {
  const sockets = new Set<Socket>();
  const servers: net.Server[] = [];
  const take = (door: LanDoor) => (socket: Socket) => {
    socket.setNoDelay(true);
    accept(socket, { door, address: (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d)/i, '') });
  };
  const secure = tls.createServer(
    { key: certificate.key, cert: certificate.chain, minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_MS },
    take('mqtts'),
  );
  async function open(server: net.Server, listen: Listen | undefined, option: string) {
    if (listen === undefined) return undefined;
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => sockets.delete(socket));
    });
    server.maxConnections = CONNECTIONS_MAX;
    server.listen(listen.port, listen.host);
    try {
      await once(server, 'listening');
    } catch (error) {
      const code = systemErrorCode(error);
      const why = code === 'EADDRINUSE' ? 'another program has that port' : code;
      throw new ConfigError(
        `the base station's broker cannot be reached at ${listen.host}:${listen.port} (${why}): set baseStation.${option} to another port, or to off`,
        { cause: error },
      );
    }
    servers.push(server);
    return (server.address() as AddressInfo).port;
  }
  async function close(): Promise<void> {
    const closed = servers.splice(0).map(async (server) => {
      const over = once(server, 'close');
      server.close();
      await over;
    });
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  }
  try {
    return {
      mqttPort: await open(net.createServer(take('mqtt')), mqtt, 'mqtt'),
      mqttsPort: await open(secure, mqtts, 'mqtts'),
      /** Another certificate from the next connection on. */
      setCertificate: ({ key, chain }: BrokerPortsParts['certificate']) =>
        secure.setSecureContext({ key, cert: chain, minVersion: 'TLSv1.2' }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
