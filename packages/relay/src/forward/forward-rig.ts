/** For tests of forwards: a device behind a real TCP server, links that can come and go, a table over all of it. */
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { AnnouncedService } from '@porchlight/protocol';
import { PorchlightError } from '@porchlight/protocol';
import { FakeClock } from '@porchlight/testkit';
import type { NewAuditEntry } from '../audit/index.ts';
import { type CallHomeState, PortRequests } from '../call-home/index.ts';
import type { DeviceRecord } from '../devices/index.ts';
import { createEventBus, type RelayEvent } from '../events.ts';
import { type Link, LinkTable } from '../links/index.ts';
import { DeviceReach } from './device-reach.ts';
import { ForwardTable, type ForwardTableParts } from './forward-table.ts';

export const MINUTE = 60_000;
export const alice = { accountId: 'alice', accountName: 'alice', address: '192.0.2.9' };
export const mallory = { ...alice, accountId: 'mallory', accountName: 'mallory' };

export type ForwardRig = Awaited<ReturnType<typeof createForwardRig>>;

export async function createForwardRig() {
  const clock = new FakeClock();
  const links = new LinkTable();
  const requests = new PortRequests({ clock });
  const entries: NewAuditEntry[] = [];
  const events: RelayEvent[] = [];
  const errors: unknown[] = [];
  const bus = createEventBus((error) => errors.push(error));
  bus.subscribe((event) => events.push(event));
  /** Devices that call home, by id. */
  const calls = new Map<string, CallHomeState>();
  const sockets = new Set<Socket>();
  const records = new Map<string, DeviceRecord>();
  const record = (id: string, accountId: string, name: string): DeviceRecord => {
    const fingerprint = `SHA256:${id}`;
    const made = { id, accountId, name, services: [], fingerprint } as unknown as DeviceRecord;
    records.set(id, made);
    return made;
  };
  const robot = record('d1', 'alice', 'robot');
  const router = record('d2', 'alice', 'router1');
  calls.set('d2', {
    ...{ up: true, since: clock.now(), lastAt: clock.now(), dueAt: clock.now() + 23_000 },
    ...{ intervalMs: MINUTE, learned: true, address: undefined, bytesLastHour: 0 },
  });

  const device = {
    /** What the device does with a connection. */
    onConnection: (socket: Socket): void => void socket.pipe(socket),
  };
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    device.onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const devicePort = (server.address() as AddressInfo).port;
  const callHomes = { state: ({ id }: { id: string }) => calls.get(id) };
  const reach = new DeviceReach({ links, requests, callHomes, clock, downSince: () => undefined });
  links.listen(reach);
  return {
    ...{ clock, links, requests, entries, events, errors, calls, records, robot, router, sockets, device },
    /** @param port 0: the device refuses channels */
    linkOf: (of: DeviceRecord, services: AnnouncedService[], port = devicePort): Link => ({
      ...{ deviceId: of.id, accountId: of.accountId, deviceName: of.name, transport: 'ssh' },
      ...{ address: '', upSince: 0, agent: '', stock: false, paused: false, rtt: undefined },
      ...{ bytesIn: 0, bytesOut: 0, unsent: 0, openChannels: 0, services },
      async openChannel() {
        if (port === 0) throw new PorchlightError('service_unreachable');
        const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
        await once(socket, 'connect');
        return socket;
      },
      drain: () => undefined,
      ping: () => undefined,
      end: () => undefined,
    }),
    tableOn(news: Partial<ForwardTableParts>): ForwardTable {
      const table = new ForwardTable({
        ...{ reach, requests, clock, events: bus, random: () => 0.5, maxMinutes: 1440 },
        ...{ host: '127.0.0.1', mayBind: [], ports: { from: 0, to: 0 }, domain: 'relay.example' },
        devices: {
          byId: async (accountId, id) => {
            const found = records.get(id);
            return found?.accountId === accountId ? found : undefined;
          },
        },
        audit: { append: (entry) => void entries.push(entry) },
        onError: (error) => errors.push(error),
        ...news,
      });
      links.listen(table);
      return table;
    },
    close(): void {
      reach.close();
      requests.close();
      server.close();
    },
  };
}

export async function dial(port: number, from = '127.0.0.1'): Promise<Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', localAddress: from, allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** `done`, or the code of the error. */
export function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'done',
    (error: PorchlightError) => error.code,
  );
}
