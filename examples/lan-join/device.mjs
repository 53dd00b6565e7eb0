// A WiFi device that joins a base station, in plain Node, from docs/reference/lan-join.md alone:
//   node device.mjs http://192.168.1.20 --name "Kitchen sensor" --keep kitchen.json
// It shows its code, waits for Allow, keeps what it gets, and publishes one number over MQTT with TLS.
import {
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string', default: 'Example sensor' },
    keep: { type: 'string', default: 'device.json' },
    every: { type: 'string', default: '3000' },
  },
});
const base = positionals[0] ?? 'http://127.0.0.1';
const { name, keep } = values;

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const text = (ascii) => Buffer.from(ascii, 'ascii');
const encoded = (bytes) => bytes.toString('base64url');
const decoded = (letters) => Buffer.from(letters, 'base64url');
const rawKey = (key) => decoded(createPublicKey(key).export({ format: 'jwk' }).x);
const publicKey = (crv, raw) => createPublicKey({ key: { kty: 'OKP', crv, x: encoded(raw) }, format: 'jwk' });

async function ask(method, path, body) {
  const answer = await fetch(`${base}/porchlight/lan/v1/join${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (answer.status === 204) return undefined;
  const said = await answer.json();
  if (!answer.ok) throw new Error(`${answer.status}: ${said.error}`);
  return said;
}

/** What a device keeps for ever: its own key, the base station's once it was let in, and its credentials. */
const kept = existsSync(keep) ? JSON.parse(readFileSync(keep, 'utf8')) : {};
const store = () => writeFileSync(keep, JSON.stringify(kept), { mode: 0o600 });
if (kept.secret === undefined) {
  kept.secret = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  store();
}

async function join() {
  // 1. Begin
  const own = createPrivateKey(kept.secret);
  const once = generateKeyPairSync('x25519').privateKey;
  const [key, ephemeral, nonce] = [rawKey(own), rawKey(once), randomBytes(16)];
  const commitment = sha256(text('porchlight lan commit 1\n'), key, ephemeral, nonce);
  const begun = await ask('POST', '', { v: 1, name, commitment: encoded(commitment) });
  const theirs = {
    key: decoded(begun.base.key),
    ephemeral: decoded(begun.base.ephemeral),
    nonce: decoded(begun.base.nonce),
  };
  if (kept.base !== undefined && kept.base !== begun.base.key) {
    throw new Error('this is another base station than the one that I know');
  }

  // 2. Show the keys
  const transcript = sha256(
    ...[text('porchlight lan join 1\n'), Buffer.of(name.length), text(name), commitment],
    ...[theirs.key, theirs.ephemeral, theirs.nonce, key, ephemeral, nonce],
  );
  const signature = sign(null, Buffer.concat([text('porchlight lan device 1\n'), transcript]), own);
  const shown = await ask('PUT', `/${begun.id}`, {
    key: encoded(key),
    ephemeral: encoded(ephemeral),
    nonce: encoded(nonce),
    signature: encoded(signature),
  });
  if (shown.state === 'denied') return undefined;
  const signed = Buffer.concat([text('porchlight lan base 1\n'), transcript]);
  if (!verify(null, signed, publicKey('Ed25519', theirs.key), decoded(shown.signature))) {
    throw new Error('the base station does not hold its key');
  }

  // 3. The code
  const number = sha256(text('porchlight lan code 1\n'), transcript).readUInt32BE(0) % 1_000_000;
  const code = String(number).padStart(6, '0');
  console.log(`code ${code.slice(0, 3)}-${code.slice(3)}`);

  // 4. Ask until there is an answer
  let answer = await ask('GET', `/${begun.id}`);
  while (answer.state === 'waiting') {
    await sleep(Number(values.every));
    answer = await ask('GET', `/${begun.id}`);
  }
  if (answer.state !== 'allowed') return undefined;
  const secret = diffieHellman({ privateKey: once, publicKey: publicKey('X25519', theirs.ephemeral) });
  if (secret.every((byte) => byte === 0)) throw new Error('there is no secret in that key');
  const sealing = Buffer.from(hkdfSync('sha256', secret, transcript, text('porchlight lan seal 1'), 32));
  const sealed = decoded(answer.sealed);
  const opened = createDecipheriv('aes-256-gcm', sealing, sealed.subarray(0, 12));
  opened.setAAD(transcript).setAuthTag(sealed.subarray(-16));
  const plain = Buffer.concat([opened.update(sealed.subarray(12, -16)), opened.final()]);

  // 5. Done
  kept.base = begun.base.key;
  kept.credentials = JSON.parse(plain.toString());
  store();
  await ask('DELETE', `/${begun.id}`);
  return kept.credentials;
}

/** One message with quality of service 1, by MQTT 3.1.1 as it is on the wire. */
function publish({ username, password, host, mqtt, mqtts, ca }, topic, payload) {
  const field = (value) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
  };
  const packet = (type, ...parts) => {
    const body = Buffer.concat(parts);
    const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7];
    return Buffer.concat([Buffer.of(type, ...length), body]);
  };
  const connect = [
    field('MQTT'),
    Buffer.of(4, 0xc2, 0, 60),
    field(username),
    field(username),
    field(password),
  ];
  return new Promise((resolve, reject) => {
    const socket =
      mqtts === undefined
        ? net.connect({ host, port: mqtt })
        : tls.connect({ host, port: mqtts, ca, servername: '' });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the broker ended the connection')));
    socket.write(packet(0x10, ...connect));
    socket.on('data', (answer) => {
      if (answer[0] === 0x20 && answer[3] === 0) {
        socket.write(packet(0x32, field(topic), Buffer.of(0, 1), Buffer.from(payload)));
      } else if (answer[0] === 0x40) {
        socket.end(packet(0xe0));
        resolve();
      } else reject(new Error(`the broker refuses (${answer.toString('hex')})`));
    });
  });
}

const credentials = kept.credentials ?? (await join());
if (credentials === undefined) {
  console.log('denied');
  process.exitCode = 1;
} else {
  await publish(credentials, `${credentials.topics}temperature`, '21.5');
  console.log(`published ${credentials.topics}temperature`);
}
