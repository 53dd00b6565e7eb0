/**
 * Sends a line to a TCP service of a device and prints what comes back, over the relay's HTTPS port alone.
 *
 *     PORCHLIGHT_RELAY=https://relay.example PORCHLIGHT_TOKEN=plt_… node tcp.ts shed echo hello
 */
import { pipeline } from 'node:stream/promises';
import { Client } from '@porchlight/client';
import { TcpDuplex } from '@porchlight/client/node';

const [device = 'shed', target = '22', ...words] = process.argv.slice(2);
const client = new Client({
  relay: process.env['PORCHLIGHT_RELAY'] ?? '',
  token: process.env['PORCHLIGHT_TOKEN'],
});

const port = Number(target);
const tunnel = await client.device(device).tunnel(Number.isInteger(port) ? port : target, {
  onWaiting: ({ dueAt }) => console.log(`the device calls home at ${new Date(dueAt).toISOString()}`),
});
const connection = new TcpDuplex(tunnel);
connection.end(`${words.join(' ')}\n`);
await pipeline(connection, process.stdout, { end: false });
