import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ConsentAnswer } from '@porchlight/protocol/api';
import { type Answer, type Ask, startTestRelay, type TestDevice, type TestPerson } from '@porchlight/testkit';
import { type LightBridge, startLightBridge } from '../../../demo/src/lights/index.ts';
import { TestBrowser } from '../oauth/rig.ts';

export const CALLBACK = 'https://localhost:8584';
export const POLICY = `service hue
  allow PUT /api/0/config for role link-button replace path=/api/$hue_user/config
  deny PUT,DELETE /api/*/config/**
  allow * /api/**
  default deny
`;

export interface HueApp {
  readonly id: string;
  readonly secret: string;
}

export type HueHome = Awaited<ReturnType<typeof openHueHome>>;

/** A relay with a light bridge behind it that its owner, ann, has switched on, and an app of bob's. */
export async function openHueHome() {
  const relay = await startTestRelay();
  let later = 0;
  const bridge: LightBridge = await startLightBridge({ now: () => Date.now() + later });
  const [ann, bob] = [await relay.person('ann'), await relay.person('bob')];
  const target = `http://127.0.0.1:${bridge.port}`;
  const device = await relay.device(ann, 'home', { hue: target, web: target });
  const policy = async (text: string): Promise<void> => {
    await device.stop();
    await writeFile(join(device.dataFolder, 'secrets'), `hue_user = ${bridge.user}\n`, { mode: 0o600 });
    await writeFile(join(device.dataFolder, 'policy'), text, { mode: 0o600 });
    await device.start();
  };
  await policy(POLICY);
  await setRemote(ann, device, 'hue', true);
  const made = await bob.api('POST', '/api/me/apps', {
    ...{ name: 'Lamp remote', confidential: true, callbacks: [CALLBACK] },
  });
  const app = JSON.parse(made.body) as HueApp;
  /** The host that clients are told in place of the vendor's. */
  const cloud = (path: string, ask: Ask = {}): Promise<Answer> => relay.visit('hue.localhost', path, ask);
  const door = await openDoor(relay.port);
  return {
    ...{ relay, bridge, target, ann, bob, device, app, cloud, policy },
    /** Half a minute on at the bridge: its button is not pressed any more. */
    releaseButton: () => (later += 30_000),
    /** The same host at an address that needs no name resolution. */
    at: door.at,
    async close() {
      await door.close();
      await relay.close();
      await bridge.close();
    },
  };
}

export async function setRemote(
  owner: TestPerson,
  device: TestDevice,
  service: string,
  hueRemote: boolean,
): Promise<void> {
  const answer = await owner.api('PATCH', `/api/devices/${device.id}/services/${service}`, { hueRemote });
  if (answer.status !== 200) throw new Error(answer.body);
}

/** What a person allows: reading and writing at one bridge. */
export function allowing(device: TestDevice, service = 'hue', linkButton = false): ConsentAnswer {
  return {
    allow: true,
    scopes: ['read', 'write'],
    devices: [{ id: device.id, services: [service] }],
    linkButton,
  };
}

/** A person goes to the page that a client shows and agrees; gives the address that they come back to. */
export async function agree(
  home: HueHome,
  page: URL,
  answer: ConsentAnswer,
  person = home.ann,
): Promise<URL> {
  const first = await home.cloud(page.pathname + page.search);
  if (first.status !== 303) throw new Error(`${first.status} ${first.body}`);
  return new TestBrowser(home.relay, person).allow(new URL(first.headers.location ?? ''), answer);
}

export function authorizePage(app: HueApp, state: string, more: Readonly<Record<string, string>> = {}): URL {
  const url = new URL('http://hue.localhost/v2/oauth2/authorize');
  url.search = new URLSearchParams({ client_id: app.id, response_type: 'code', state, ...more }).toString();
  return url;
}

export const basicOf = ({ id, secret }: HueApp): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** As node-hue-api computes it, from the challenge of a 401. */
export function digestOf({ id, secret }: HueApp, challenge: string, method: string, path: string): string {
  const [realm, nonce] = ['realm', 'nonce'].map(
    (name) => new RegExp(`${name}="(.*?)"`).exec(challenge)?.[1] ?? '',
  );
  const response = md5(`${md5(`${id}:${realm}:${secret}`)}:${nonce}:${md5(`${method}:${path}`)}`);
  return `Digest username="${id}", realm="${realm}", nonce="${nonce}", uri="${path}", response="${response}"`;
}

/** Hands every request on to the relay under the name of the Hue host. */
async function openDoor(port: number): Promise<{ at: string; close(): Promise<void> }> {
  const server = http.createServer((request, response) => {
    const { method, url: path } = request;
    const headers = { ...request.headers, host: `hue.localhost:${port}` };
    const onward = http.request({ port, host: '127.0.0.1', method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    at: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
