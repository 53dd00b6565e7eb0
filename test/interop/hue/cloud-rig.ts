import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A cloud that plays the vendor's, from the contract; one app, one person, one bridge. */
export interface CloudRig {
  readonly at: string;
  readonly app: { readonly clientId: string; readonly clientSecret: string };
  /** The code that a browser would come back with; counts once. */
  code: string;
  /** Life of tokens to come, in seconds; undefined: the cloud does not tell. */
  expiresIn: number | undefined;
  /** Bodies that came to the token endpoint. */
  readonly asked: string[];
  /** Makes every access token so far count no more. */
  expire(): void;
  close(): Promise<void>;
}

/** @param bridge origin of the bridge at home; `user`: a name there, with which the cloud presses the button */
export async function openCloudRig(bridge: string, user: string): Promise<CloudRig> {
  const valid = new Set<string>();
  let refresh = '';
  let count = 0;
  const give = (): unknown => {
    count += 1;
    refresh = `refresh-${count}`;
    valid.add(`access-${count}`);
    const { expiresIn } = rig;
    return {
      ...{ access_token: `access-${count}`, refresh_token: refresh, token_type: 'bearer' },
      ...(expiresIn === undefined ? {} : { expires_in: expiresIn }),
    };
  };
  const token = (request: IncomingMessage, body: string): [number, unknown] => {
    rig.asked.push(body);
    const { clientId, clientSecret } = rig.app;
    const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
    if (request.headers.authorization !== basic) return [401, { error: 'invalid_client' }];
    const form = new URLSearchParams(body);
    const code = form.get('grant_type') === 'authorization_code';
    if (form.get(code ? 'code' : 'refresh_token') !== (code ? rig.code : refresh)) {
      return [400, { error: 'invalid_grant', error_description: 'It was used before' }];
    }
    if (code) rig.code = '';
    return [200, give()];
  };
  const toBridge = async (
    request: IncomingMessage,
    path: string,
    body: string,
  ): Promise<[number, unknown]> => {
    const bearer = request.headers.authorization?.replace('Bearer ', '') ?? '';
    if (!valid.has(bearer)) return [401, { error: 'invalid_token' }];
    const local = path.replace(/^\/bridge(\/0(?=\/))?/, (_all, zero) =>
      zero === undefined ? '/api' : `/api/${user}`,
    );
    const method = request.method ?? 'GET';
    const response = await fetch(bridge + local, { method, ...(body === '' ? {} : { body }) });
    return [response.status, await response.json()];
  };
  const server: Server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      let body = '';
      for await (const part of request) body += String(part);
      const path = request.url ?? '';
      const [status, value] = path.startsWith('/v2/oauth2/token')
        ? token(request, body)
        : await toBridge(request, path, body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    answer().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const rig: CloudRig = {
    at: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    app: { clientId: 'app-1', clientSecret: 'secret' },
    code: 'code-1',
    expiresIn: 604_800,
    asked: [],
    expire: () => valid.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return rig;
}
