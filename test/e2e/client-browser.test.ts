import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as PorchlightClient from '@porchlight/client';
import { requireBrowser, startBrowser } from '@porchlight/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildClientPackage } from '../../scripts/client-package/build.ts';
import { makeToken, startHome } from './client-rig.ts';

const PAGE = `<!doctype html><title>app</title>
<script type="module">import * as library from '/index.js'; globalThis.library = library;</script>`;
const chromium = await requireBrowser();

describe.skipIf(chromium.missing !== undefined)(`a page of another origin ${chromium.missing ?? ''}`, () => {
  let home: Awaited<ReturnType<typeof startHome>>;
  let browser: Browser;
  let page: Page;
  let folder: string;
  let site: http.Server;

  beforeAll(async () => {
    home = await startHome();
    folder = await mkdtemp(join(tmpdir(), 'porchlight-client-'));
    const root = join(import.meta.dirname, '../..');
    await buildClientPackage(root, folder);
    site = http.createServer((req, res) => {
      const script = (req.url ?? '').endsWith('.js');
      res.setHeader('content-type', script ? 'text/javascript' : 'text/html');
      if (!script) return res.end(PAGE);
      readFile(join(folder, req.url ?? '')).then(
        (text) => res.end(text),
        () => res.writeHead(404).end(),
      );
      return undefined;
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    browser = await startBrowser(chromium.path ?? '');
    page = await (await browser.newContext()).newPage();
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => Reflect.has(globalThis, 'library'));
  });
  afterAll(async () => {
    await browser?.close();
    site?.close();
    await home?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs in the page, with the library and a client there. */
  async function inPage<T>(token: string, run: (client: PorchlightClient.Client) => Promise<T>): Promise<T> {
    const options = JSON.stringify({ relay: home.origin, token });
    const told: unknown = await page.evaluate(`(${run.toString()})(new library.Client(${options}))`);
    return told as T;
  }

  it('uses the API, a service, a WebSocket and TCP with a token', async () => {
    const { token } = await makeToken(home.alice);
    const told = await inPage(token, async (client) => {
      const me = await client.api.me();
      const found = await client.api.devices.byName('shed');
      await client.api.devices.change(found.id, { tags: ['seen'] });
      const web = client.device('shed').service('web');
      const answer = await web.fetch('/values?x=1', {
        method: 'PUT',
        body: '{"on":true}',
        headers: { 'content-type': 'application/json', 'x-own': '1' },
      });
      const seen = (await answer.json()) as { method: string; body: string; headers: Record<string, string> };
      const socket = await web.webSocket('/ws');
      const said = new Promise((resolve) => {
        socket.addEventListener('message', ({ data }) => resolve(data));
      });
      socket.send('hi');
      const connection = await client.device('shed').connect('echo');
      const sent = new Uint8Array(3_000_000).fill(7);
      const writer = connection.writable.getWriter();
      const writing = writer.write(sent).then(() => writer.close());
      let got = 0;
      const reader = connection.readable.getReader();
      for (let next = await reader.read(); !next.done; next = await reader.read()) got += next.value.length;
      await writing;
      return {
        name: me.account.name,
        status: answer.status,
        contentType: answer.headers.get('content-type'),
        method: seen.method,
        own: seen.headers['x-own'],
        token: seen.headers['authorization'],
        said: await said,
        got,
        route: web.route,
      };
    });
    expect(told).toEqual({
      name: 'alice',
      status: 200,
      contentType: 'application/json',
      method: 'PUT',
      own: '1',
      token: undefined,
      said: '/ws hi',
      got: 3_000_000,
      route: { kind: 'relay', reason: 'the LAN is switched off' },
    });
  });

  it('reads why it is refused: over HTTP, in a WebSocket, in a tunnel', async () => {
    const { token } = await makeToken(home.alice, { scopes: ['read'] });
    const told = await inPage(token, async (client) => {
      const codeOf = (work: Promise<unknown>) =>
        work.then(
          () => 'done',
          (error: { code?: string }) => error.code,
        );
      const device = client.device('shed');
      return [
        await codeOf(client.api.devices.change((await device.info()).id, { tags: [] })),
        await codeOf(device.service('web').fetch('/', { method: 'POST' })),
        await codeOf(device.service('web').webSocket('/ws')),
        await codeOf(device.connect('echo')),
      ];
    });
    expect(told).toEqual(['scope_missing', 'scope_missing', 'scope_missing', 'scope_missing']);
    const wrong = await inPage('plt_wrong', (client) =>
      client.api.me().catch((error: { code: string }) => ({ account: { name: error.code } })),
    );
    expect(wrong.account.name).toBe('token_invalid');
  });

  it('can do nothing with the cookie of somebody who is signed in', async () => {
    const [name = '', value = ''] = home.alice.cookie.split('=');
    await page.context().addCookies([{ name, value, url: home.origin }]);
    const told = await page.evaluate(async (relay) => {
      const attempt = (init: RequestInit) =>
        fetch(`${relay}/api/me`, init).then(
          ({ status }) => status,
          () => 'blocked',
        );
      return [
        await attempt({ credentials: 'include' }),
        await attempt({ credentials: 'include', headers: { authorization: 'Bearer plt_x' } }),
      ];
    }, home.origin);
    expect(told).toEqual(['blocked', 'blocked']);
  });
});
