/** A device's SSH server and people's keys, for the tests of the terminal. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type net from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type ServerChannel } from 'ssh2';

const folder = mkdtempSync(join(tmpdir(), 'porchlight-terminal-'));
/** Keys as people have them. */
export function keyFile(name: string, ...args: string[]): { secret: string; line: string } {
  const file = join(folder, name);
  execFileSync('ssh-keygen', ['-q', '-N', '', '-C', 'test', '-f', file, ...args]);
  const [type, base64] = readFileSync(`${file}.pub`, 'utf8').split(' ');
  return { secret: readFileSync(file, 'utf8'), line: `${type} ${base64}` };
}
export const plainKey = keyFile('plain', '-t', 'ed25519');
export const lockedKey = keyFile('locked', '-t', 'ed25519', '-N', 'pass phrase', '-a', '4');
export const KEYS = [
  plainKey,
  lockedKey,
  keyFile('rsa', '-t', 'rsa', '-b', '2048'),
  keyFile('ecdsa', '-t', 'ecdsa'),
  keyFile('pem', '-t', 'rsa', '-b', '2048', '-m', 'PEM'),
];
const HOST_KEY = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
}).privateKey;
export const PASSWORD = 'right horse';

/** A device's SSH server: `echo`es what it gets, floods on `yes`, ends with 7 on `exit`. */
let written = 0;
const device = new ssh2.Server({ hostKeys: [HOST_KEY] }, (client) => {
  client.on('error', () => undefined);
  client.on('authentication', (context) => {
    if (context.method === 'password' && context.password === PASSWORD) return context.accept();
    if (context.method === 'keyboard-interactive') {
      return context.prompt(
        [
          { prompt: 'Password: ', echo: false },
          { prompt: 'Code\u001b[31m: ', echo: true },
        ],
        'Two\nthings',
        ([one, two]) =>
          one === PASSWORD && two === '123' ? context.accept() : context.reject(['keyboard-interactive']),
      );
    }
    if (context.method === 'publickey') {
      const line = `${context.key.algo.replace(/^rsa-sha2-\d+$/, 'ssh-rsa')} ${context.key.data.toString('base64')}`;
      const known = KEYS.find((one) => one.line === line);
      if (known === undefined) return context.reject();
      const parsed = ssh2.utils.parseKey(known.line);
      if (parsed instanceof Error) return context.reject();
      const good =
        context.signature === undefined ||
        parsed.verify(context.blob ?? Buffer.alloc(0), context.signature, context.hashAlgo);
      return good ? context.accept() : context.reject();
    }
    context.reject(['publickey', 'password', 'keyboard-interactive']);
  });
  client.on('ready', () => {
    client.on('session', (accept) => {
      const session = accept();
      let size = '';
      session.on('pty', (ok, _no, info) => {
        size = `${info.rows} ${info.cols}`;
        ok?.();
      });
      session.on('window-change', (ok, _no, info) => {
        size = `${info.rows} ${info.cols}`;
        ok?.();
      });
      session.on('shell', (ok) => {
        const channel: ServerChannel = ok();
        channel.on('error', () => undefined);
        channel.on('data', (data: Buffer) => {
          const text = String(data);
          if (text === 'size') channel.write(size);
          else if (text === 'yes') flood(channel);
          else if (text === 'exit') {
            channel.exit(7);
            channel.end();
          } else channel.write(data);
        });
      });
    });
  });
});
function flood(channel: ServerChannel): void {
  const part = Buffer.alloc(32 * 1024, 'y');
  const go = (): void => {
    if (channel.destroyed) return;
    written += part.length;
    if (channel.write(part)) setImmediate(go);
    else channel.once('drain', go);
  };
  go();
}
device.listen(0, '127.0.0.1');
await once(device, 'listening');

export const shellDevice = {
  port: ((device as unknown as net.Server).address() as AddressInfo).port,
  /** Bytes of the flood so far. */
  get written(): number {
    return written;
  },
  close(): void {
    device.close();
    rmSync(folder, { recursive: true, force: true });
  },
};
