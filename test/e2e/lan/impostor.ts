/**
 * Poses as the base station in every way that the LAN allows. Says in JSON lines what it does, and whatever somebody
 * gives to it.
 */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createSocket } from 'node:dgram';
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';

const wish = JSON.parse(process.argv[2] ?? '') as {
  address: string;
  fingerprint: string;
  key: string;
  certificate: string;
};
const tell = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);
const own = Buffer.from(wish.address.split('.').map(Number));

// Broadcasts, and beacons: those of the base station played back, changed, and its own.
const beacons = createSocket({ type: 'udp4', reuseAddr: true });
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const ownKey = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
let heard: Buffer | undefined;
beacons.on('message', (bytes, { address }) => {
  if (address === wish.address || heard !== undefined) return;
  heard = Buffer.from(bytes);
  tell({ heard: bytes.length });
});
beacons.bind(5006, () => {
  beacons.setBroadcast(true);
  setInterval(() => {
    send(5005, Buffer.from('emonpi.local'));
    if (heard === undefined) return;
    send(5006, heard);
    const changed = Buffer.from(heard);
    own.copy(changed, 24);
    changed.writeBigUInt64BE(changed.readBigUInt64BE(28) + 1000n, 28);
    send(5006, changed);
    const body = Buffer.from(changed.subarray(0, 76));
    ownKey.copy(body, 44);
    const said = Buffer.concat([Buffer.from('porchlight lan beacon 1\n'), body]);
    send(5006, Buffer.concat([body, sign(null, said, privateKey)]));
  }, 1_000);
});

function send(port: number, bytes: Buffer): void {
  beacons.send(bytes, port, '10.77.255.255');
}

// mDNS: the host name, and the service with the fingerprint of the real one.
const label = (text: string) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
const name = (text: string) => Buffer.concat([...text.split('.').map(label), Buffer.of(0)]);
function record(owner: string, type: number, isUnique: boolean, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(isUnique ? 0x8001 : 1, 2);
  fixed.writeUInt32BE(120, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([name(owner), fixed, data]);
}
const service = '_porchlight._tcp.local';
const instance = `porchlight.${service}`;
const records = [
  record('porchlight.local', 1, true, own),
  record('emonpi.local', 1, true, own),
  record(service, 12, false, name(instance)),
  record(instance, 33, true, Buffer.concat([Buffer.of(0, 0, 0, 0, 0, 80), name('porchlight.local')])),
  record(instance, 16, true, Buffer.concat(['v=1', `id=${wish.fingerprint}`].map(label))),
];
const header = Buffer.alloc(12);
header.writeUInt16BE(0x8400, 2);
header.writeUInt16BE(records.length, 6);
const answer = Buffer.concat([header, ...records]);
const mdns = createSocket({ type: 'udp4', reuseAddr: true });
mdns.on('message', (bytes, { address }) => {
  if (address !== wish.address && (bytes.readUInt16BE(2) & 0x8000) === 0) claim();
});
mdns.bind(5353, () => {
  mdns.addMembership('224.0.0.251', wish.address);
  mdns.setMulticastInterface(wish.address);
  setInterval(claim, 2_000);
  claim();
});

function claim(): void {
  mdns.send(answer, 5353, '224.0.0.251');
}

// Its door: shows a key of its own, or the one that it cannot sign for, and keeps what it is given.
http
  .createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      tell({ asked: `${request.method} ${request.url}`, body });
      const fill = (bytes: number) => randomBytes(bytes).toString('base64url');
      const base = { key: wish.key, ephemeral: fill(32), nonce: fill(16) };
      response.end(JSON.stringify({ id: fill(16), base, signature: fill(64) }));
    });
  })
  .listen(80);
for (const port of [1883, 8883]) {
  const serve = (socket: net.Socket) => {
    socket.on('error', (error) => tell({ failed: error.message }));
    socket.on('data', (bytes) => tell({ given: bytes.toString('latin1'), port }));
  };
  const pem = { key: wish.certificate, cert: wish.certificate };
  if (port === 1883) net.createServer(serve).listen(port);
  else
    tls
      .createServer(pem, serve)
      .on('tlsClientError', (error) => tell({ refusedTls: error.message }))
      .listen(port);
}
tell({ posing: createHash('sha256').update(ownKey).digest('hex') });
