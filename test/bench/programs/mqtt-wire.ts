/** What the bench needs of MQTT 3.1.1, by hand, so that its clients cost next to nothing. */
import net from 'node:net';

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
};

/** Bodies here are shorter than 16 384 bytes. */
function packet(head: number, body: Buffer): Buffer {
  const length = body.length < 128 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7];
  return Buffer.concat([Buffer.from([head, ...length]), body]);
}

export function publishPacket(topic: string, payload: Buffer, qos: 0 | 1, id: number): Buffer {
  const ids = qos === 0 ? [] : [Buffer.from([id >> 8, id & 0xff])];
  return packet(0x30 | (qos << 1), Buffer.concat([text(topic), ...ids, payload]));
}

const PUBACK = Buffer.from([0x40, 2, 0, 0]);

export interface WireClient {
  readonly socket: net.Socket;
  /** A message came; called after it was acknowledged. */
  onMessage: () => void;
  onAck: () => void;
}

/** Signs in with a clean session and without keep-alive; resolves with the CONNACK, and a subscription if one is wanted. */
export function openClient(order: {
  readonly port: number;
  readonly clientId: string;
  readonly user: string;
  readonly password: string;
  readonly subscribe?: { readonly filter: string; readonly qos: 0 | 1 } | undefined;
}): Promise<WireClient> {
  const { promise, resolve, reject } = Promise.withResolvers<WireClient>();
  const socket = net.connect({ port: order.port, host: '127.0.0.1', noDelay: true });
  const client: WireClient = { socket, onMessage: () => undefined, onAck: () => undefined };
  const connect = [
    text('MQTT'),
    Buffer.from([4, 0xc2, 0, 0]),
    text(order.clientId),
    text(order.user),
    text(order.password),
  ];
  socket.write(packet(0x10, Buffer.concat(connect)));
  socket.on('error', reject);
  socket.on('close', () => reject(new Error(`${order.user} was cut off`)));
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const size = sizeOf(bytes);
      if (size === undefined || bytes.length < size) break;
      take(bytes.subarray(0, size));
      bytes = bytes.subarray(size);
    }
    rest = bytes;
  });

  function take(one: Buffer): void {
    const type = (one[0] ?? 0) >> 4;
    if (type === 3) {
      if (((one[0] ?? 0) & 0x06) !== 0) acknowledge(one);
      client.onMessage();
    } else if (type === 4) client.onAck();
    else if (type === 2 && one[3] !== 0) reject(new Error(`${order.user} is refused: CONNACK ${one[3]}`));
    else if (type === 2 && order.subscribe !== undefined) subscribe(order.subscribe);
    else if (type === 2 || type === 9) resolve(client);
  }

  function subscribe({ filter, qos }: { filter: string; qos: 0 | 1 }): void {
    socket.write(packet(0x82, Buffer.concat([Buffer.from([0, 1]), text(filter), Buffer.from([qos])])));
  }

  function acknowledge(one: Buffer): void {
    const body = (one[1] ?? 0) < 128 ? 2 : 3;
    const id = body + 2 + one.readUInt16BE(body);
    const ack = Buffer.from(PUBACK);
    one.copy(ack, 2, id, id + 2);
    socket.write(ack);
  }

  return promise;
}

/** The size of the packet that begins here; undefined: its length is not here yet. */
function sizeOf(bytes: Buffer): number | undefined {
  const [, first, second] = bytes;
  if (first === undefined) return undefined;
  if (first < 128) return first + 2;
  return second === undefined ? undefined : (first & 0x7f) + second * 128 + 3;
}
