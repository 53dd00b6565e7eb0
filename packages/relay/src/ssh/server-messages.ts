import type { Connection } from 'ssh2';
import utils from 'ssh2/lib/protocol/utils.js';

/** SSH_MSG_USERAUTH_BANNER (RFC 4252 §5.4) and SSH_MSG_DISCONNECT (RFC 4253 §11.1). */
const USERAUTH_BANNER = 53;
const DISCONNECT = 1;
/** SSH_DISCONNECT_BY_APPLICATION */
const BY_APPLICATION = 11;
const TEXT_MAX = 1000;

/** The part of ssh2's protocol object that writes packets; it has no public way to send these two with a text. */
interface PacketWriter {
  readonly _packetRW: {
    readonly write: {
      readonly allocStart: number;
      alloc(size: number): Buffer;
      finalize(packet: Buffer): Buffer;
    };
  };
}

/** Shows a text to whoever logs in, on standard error of OpenSSH and dropbear; to be sent before the login succeeds. */
export function sendBanner(connection: Connection, text: string): void {
  send(connection, [Buffer.from([USERAUTH_BANNER]), sshString(`${text}\r\n`), sshString('')]);
}

/** Ends a connection with a reason that the client prints (`Received disconnect from …: TEXT`), exit code 255. */
export function disconnectWith(connection: Connection, text: string): void {
  send(connection, [Buffer.from([DISCONNECT]), uint32(BY_APPLICATION), sshString(text), sshString('')]);
  connection.end();
}

/** Asks the client for a sign of life (`keepalive@openssh.com`), which every client answers. */
export function pingClient(connection: Connection): void {
  const protocol: unknown = Reflect.get(connection, '_protocol');
  if (
    typeof protocol === 'object' &&
    protocol !== null &&
    'ping' in protocol &&
    typeof protocol.ping === 'function'
  ) {
    Reflect.apply(protocol.ping, protocol, []);
  }
}

/** Reasons of SSH_MSG_CHANNEL_OPEN_FAILURE (RFC 4254 §5.1). */
export const OPEN_FAILURE = { prohibited: 1, connectFailed: 2, shortage: 4 } as const;

/**
 * Refuses a channel that the client asks for, with a text that it prints (`open failed: …: TEXT`).
 * @param reject what ssh2 gave for this channel; it knows neither reason nor text
 */
export function refuseChannel(
  connection: Connection,
  reject: () => void,
  reason: number,
  text: string,
): void {
  const protocol = Reflect.get(connection, '_protocol') as ChannelRefuser;
  const ascii = text.replace(/[^\x20-\x7e]/g, '?').slice(0, TEXT_MAX);
  const plain = protocol.channelOpenFail;
  protocol.channelOpenFail = (recipient) => plain.call(protocol, recipient, reason, ascii);
  reject();
  Reflect.deleteProperty(protocol, 'channelOpenFail');
}

interface ChannelRefuser {
  channelOpenFail(recipient: number, reason: number, text: string): void;
}

function send(connection: Connection, parts: readonly Buffer[]): void {
  const protocol = Reflect.get(connection, '_protocol') as PacketWriter;
  const payload = Buffer.concat(parts);
  const { write } = protocol._packetRW;
  const start = write.allocStart;
  const packet = write.alloc(payload.length);
  payload.copy(packet, start);
  utils.sendPacket(protocol, write.finalize(packet));
}

function sshString(text: string): Buffer {
  const bytes = Buffer.from(text.replace(/[^\x20-\x7e\r\n]/g, '?').slice(0, TEXT_MAX));
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
