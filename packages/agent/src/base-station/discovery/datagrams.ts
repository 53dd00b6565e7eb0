import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { systemErrorCode } from '../../config/index.ts';
import type { LanInterface } from './interfaces.ts';

/** Datagrams of others that are read in a second, and at once: more than a busy house says. */
const READ_PER_SECOND = 50;
const READ_BURST = 200;
/** Ours and those that we know are smaller; a longer one is cut, and then fits no layout. */
const DATAGRAM_MAX = 4096;

/**
 * Sends bytes from one of our addresses, to the network's broadcast address, to 255.255.255.255, and to `group`. A socket
 * for each time: interfaces may be another now. @returns codes of what failed, e.g. `ENETUNREACH`
 */
export async function sendToAll(
  { address, broadcast }: LanInterface['ipv4'][number],
  port: number,
  bytes: Buffer,
  group?: string,
): Promise<string[]> {
  const failed: string[] = [];
  const socket = createSocket('udp4');
  try {
    socket.bind(0, address);
    await once(socket, 'listening');
    socket.setBroadcast(true);
    const targets = [broadcast, '255.255.255.255', group].filter((target) => target !== undefined);
    if (group !== undefined) socket.setMulticastInterface(address);
    for (const target of targets) {
      await new Promise<void>((resolve) => {
        socket.send(bytes, port, target, (error) => {
          if (error !== null) failed.push(systemErrorCode(error) || error.message);
          resolve();
        });
      });
    }
  } catch (error) {
    failed.push(systemErrorCode(error) || String(error));
  } finally {
    socket.close();
  }
  return failed;
}

/** How many datagrams are still read; the rest is dropped unread. */
export function createInlet(monotonic: () => number): () => boolean {
  let left = READ_BURST;
  let at = monotonic();
  return () => {
    const now = monotonic();
    left = Math.min(READ_BURST, left + ((now - at) / 1000) * READ_PER_SECOND);
    at = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}

/**
 * Hears what is sent to a UDP port, shared with other programs of this machine. @throws when another program has it alone
 */
export async function hear(
  port: number,
  monotonic: () => number,
  onDatagram: (bytes: Buffer, from: string) => void,
  onProblem: (error: Error) => void,
): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const admits = createInlet(monotonic);
  socket.on('message', (bytes, { address }) => {
    if (bytes.length <= DATAGRAM_MAX && admits()) onDatagram(bytes, address);
  });
  try {
    socket.bind(port);
    await once(socket, 'listening');
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.on('error', onProblem);
  return socket;
}
