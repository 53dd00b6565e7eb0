/**
 * A device in the way of the original emoncms client: it takes one request at a time from a list that it looks at every
 * 10 ms, and asks the local server over a connection of its own each time.
 *
 *     node polling-client.ts URL USER PASSWORD ORIGIN
 */
import http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { decodeToDevice, encodeRpc, rpcTopics } from '@porchlight/protocol/rpc';
import mqtt from 'mqtt';

const POLL_MS = 10;
const [url = '', user = '', password = '', origin = ''] = process.argv.slice(2);
const topics = rpcTopics(user);
const requests: { id: string; target: string }[] = [];
const client = mqtt.connect(url, { username: user, password });

client.on('connect', () => {
  client.subscribe(topics.request, () =>
    client.publish(topics.services, JSON.stringify({ rpc: 1, services: ['web'] })),
  );
});
client.on('message', (_topic, payload) => {
  const read = decodeToDevice(payload);
  if (read.ok && read.message.type === 'request') requests.push(read.message);
});

function look(): void {
  const next = requests.shift();
  if (next === undefined) return void setTimeout(look, POLL_MS);
  http.get(`${origin}${next.target}`, { agent: false }, (answer) => {
    void buffer(answer).then((body) => {
      const head = { type: 'response', last: true, status: 200, fields: [] } as const;
      client.publish(topics.response, Buffer.from(encodeRpc({ ...head, id: next.id, body })));
      setTimeout(look, POLL_MS);
    });
  });
}

look();
