/**
 * A WiFi sensor that was made from docs/reference/lan-join.md alone: joins, publishes over TLS, and follows the base
 * station by its beacons. Says what happens in JSON lines.
 */
import * as crypto from 'node:crypto';
import { createSocket } from 'node:dgram';
import mqtt from 'mqtt';

const { name, base, address } = JSON.parse(process.argv[2] ?? '') as Record<string, string> & {
  name: string;
};
const tell = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);
const text = (bytes: Buffer) => bytes.toString('base64url');
const bytesOf = (encoded: string) => Buffer.from(encoded, 'base64url');
const sha256 = (...parts: (string | Buffer)[]) =>
  crypto
    .createHash('sha256')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest();
const rawOf = (key: crypto.KeyObject) => bytesOf(key.export({ format: 'jwk' }).x ?? '');
const keyOf = (crv: string, raw: Buffer) =>
  crypto.createPublicKey({ key: { kty: 'OKP', crv, x: text(raw) }, format: 'jwk' });

interface Handover {
  username: string;
  password: string;
  host: string;
  mqtts: number;
  ca: string;
  topics: string;
}

const identity = crypto.generateKeyPairSync('ed25519');
const { baseKey, handover } = await join();
let host = handover.host;
let sequence = 0;
listen();
connect();

async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(`http://${base}/porchlight/lan/v1/join${path}`, { method, ...sent });
  if (!answer.ok) throw new Error(`${method}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? {} : ((await answer.json()) as Record<string, unknown>);
}

async function join(): Promise<{ baseKey: Buffer; handover: Handover }> {
  const once = crypto.generateKeyPairSync('x25519');
  const own = [rawOf(identity.publicKey), rawOf(once.publicKey), crypto.randomBytes(16)] as const;
  const commitment = sha256('porchlight lan commit 1\n', ...own);
  const begun = await call('POST', '', { v: 1, name, commitment: text(commitment) });
  const shown = begun['base'] as { key: string; ephemeral: string; nonce: string };
  const theirs = [bytesOf(shown.key), bytesOf(shown.ephemeral), bytesOf(shown.nonce)] as const;
  const transcript = sha256(
    'porchlight lan join 1\n',
    ...[Buffer.of(name.length), name, commitment, ...theirs, ...own],
  );
  const said = (label: string) => Buffer.concat([Buffer.from(label), transcript]);
  const signature = crypto.sign(null, said('porchlight lan device 1\n'), identity.privateKey);
  const [key, ephemeral, nonce] = own.map(text);
  const path = `/${String(begun['id'])}`;
  const answer = await call('PUT', path, { key, ephemeral, nonce, signature: text(signature) });
  const proof = bytesOf(String(answer['signature']));
  if (!crypto.verify(null, said('porchlight lan base 1\n'), keyOf('Ed25519', theirs[0]), proof))
    throw new Error('not the base station that it says it is');
  const digits = String(sha256('porchlight lan code 1\n', transcript).readUInt32BE(0) % 1_000_000);
  tell({ code: digits.padStart(6, '0').replace(/^.../, '$&-') });
  for (;;) {
    const { state, sealed } = await call('GET', path);
    if (state === 'denied') throw new Error('denied');
    if (state === 'allowed') {
      const opened = open(bytesOf(String(sealed)), theirs[1], once.privateKey, transcript);
      await call('DELETE', path);
      return { baseKey: theirs[0], handover: JSON.parse(opened.toString()) as Handover };
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

function open(sealed: Buffer, theirs: Buffer, own: crypto.KeyObject, transcript: Buffer): Buffer {
  const secret = crypto.diffieHellman({ privateKey: own, publicKey: keyOf('X25519', theirs) });
  const key = crypto.hkdfSync('sha256', secret, transcript, 'porchlight lan seal 1', 32);
  const gcm = crypto.createDecipheriv('aes-256-gcm', Buffer.from(key), sealed.subarray(0, 12));
  gcm.setAAD(transcript).setAuthTag(sealed.subarray(-16));
  return Buffer.concat([gcm.update(sealed.subarray(12, -16)), gcm.final()]);
}

function listen(): void {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', (beacon, { address: from }) => {
    const refused = refusal(beacon);
    if (refused !== undefined) return tell({ refused, from });
    sequence = Number(beacon.readBigUInt64BE(28));
    host = [...beacon.subarray(24, 28)].join('.');
    tell({ beacon: sequence, host });
  });
  socket.bind(5006, () => {
    socket.addMembership('239.255.80.76', address);
    tell({ listening: true });
  });
}

function refusal(beacon: Buffer): string | undefined {
  if (beacon.length !== 140 || beacon.subarray(0, 6).toString('latin1') !== 'PLBS\x01\0') return 'no beacon';
  if (!beacon.subarray(44, 76).equals(baseKey)) return 'other key';
  const said = Buffer.concat([Buffer.from('porchlight lan beacon 1\n'), beacon.subarray(0, 76)]);
  const isSigned = crypto.verify(null, said, keyOf('Ed25519', baseKey), beacon.subarray(76));
  if (!isSigned) return 'not signed';
  return Number(beacon.readBigUInt64BE(28)) > sequence ? undefined : 'played back';
}

/** Goes wherever the newest beacon says as soon as the connection ends, or does not come about. */
function connect(): void {
  const { username, password, mqtts: port, ca, topics } = handover;
  const to = host;
  const client = mqtt.connect({
    ...{ protocol: 'mqtts', host: to, port, username, password, ca },
    // Whoever has a certificate of that authority is the base station, under whatever address.
    ...{ checkServerIdentity: () => undefined, keepalive: 2, reconnectPeriod: 0, connectTimeout: 3_000 },
  });
  const timer = setInterval(() => client.connected && client.publish(`${topics}warmth`, '21.5'), 500);
  client.on('connect', () => tell({ connected: to }));
  client.on('error', (error) => tell({ failed: error.message, to }));
  client.on('close', () => {
    clearInterval(timer);
    client.end(true);
    setTimeout(connect, 500);
  });
}
