/**
 * A WiFi sensor as EmonESP's firmware behaves on the wire: it waits for a broadcast on UDP 5005, asks its sender every so
 * often, counts colons, and publishes. It believes whoever broadcast last. Says what happens in JSON lines.
 */
import { createSocket } from 'node:dgram';
import http from 'node:http';
import mqtt from 'mqtt';

interface Wish {
  readonly node: string;
  /** The firmware's ten seconds, or less. */
  readonly retryMs: number;
}

const { node, retryMs } = JSON.parse(process.argv[2] ?? '') as Wish;
const tell = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);
let server: string | undefined;
let credentials: string[] | undefined;
let client: mqtt.MqttClient | undefined;

const socket = createSocket('udp4');
socket.on('message', (bytes, { address }) => {
  if (bytes.toString() !== 'emonpi.local' || address === server) return;
  server = address;
  tell({ server });
  if (credentials !== undefined) publish();
});
socket.bind(5005, () => tell({ listening: true }));

setInterval(() => {
  if (server !== undefined && credentials === undefined) ask(server);
}, retryMs);

function ask(host: string): void {
  const request = http.get({ host, path: '/emoncms/device/auth/request.json', timeout: 5_000 }, (answer) => {
    let body = '';
    answer.setEncoding('utf8').on('data', (text: string) => (body += text));
    answer.on('end', () => take(body));
  });
  request.on('error', (error) => tell({ failed: error.message }));
}

function take(body: string): void {
  tell({ answer: body });
  if (body === 'request registered') return;
  const parts = body.split(':');
  if ((parts.length !== 3 && parts.length !== 4) || credentials !== undefined) return;
  credentials = parts;
  tell({ credentials: parts.length });
  publish();
}

function publish(): void {
  client?.end(true);
  const [username, password, base, port = '1883'] = credentials ?? [];
  const options = { username: username ?? '', password: password ?? '', port: Number(port) };
  client = mqtt.connect({ protocol: 'mqtt', host: server ?? '', reconnectPeriod: 1_000, ...options });
  client.on('connect', () => tell({ connected: server }));
  client.on('error', (error) => tell({ failed: error.message }));
  const topic = `${base}/${node}/power`;
  const mine = client;
  const timer = setInterval(() => mine.connected && mine.publish(topic, String(Date.now() % 1000)), 500);
  mine.on('end', () => clearInterval(timer));
}
