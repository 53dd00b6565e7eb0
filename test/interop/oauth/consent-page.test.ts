import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  requireBrowser,
  startBrowser,
  startTestRelay,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import * as client from 'openid-client';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { begin, registered, type TestApp, withToken } from './rig.ts';

const chromium = await requireBrowser();
const CALLBACK = 'http://127.0.0.1:9/done';

describe.skipIf(chromium.missing !== undefined)(`consent in a real browser ${chromium.missing ?? ''}`, () => {
  let relay: TestRelay;
  let ann: TestPerson;
  let bob: TestPerson;
  let pages: Server;
  let app: TestApp;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    pages = createServer((_req, res) => res.end('hello'));
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
    const target = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    relay = await startTestRelay();
    ann = await relay.person('ann');
    bob = await relay.person('bob');
    await relay.device(ann, 'shed', { web: target, notes: target });
    await relay.device(ann, 'robot', { web: target });
    app = await registered(relay, bob, { name: 'Weather wall', confidential: false, callbacks: [CALLBACK] });
    browser = await startBrowser(chromium.path ?? '');
    context = await browser.newContext({ viewport: { width: 360, height: 740 } });
    // What an app's own page would be: it only has to be there.
    await context.route('http://127.0.0.1:9/**', (route) => route.fulfill({ body: 'the app goes on' }));
    page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  });
  afterAll(async () => {
    await browser?.close();
    await relay?.close();
    pages?.close();
  });

  const fits = async () => {
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  };
  const start = (scope: string) => begin(app, { redirect_uri: CALLBACK, scope });

  it('a person signs in, gives less than was asked for, and is sent back with a code', async () => {
    const { url, verifier, state } = await start('openid offline_access read write');
    await page.goto(url.href);
    // Nobody was signed in: the sign-in page's own questions get 401, and say so.
    await page.getByLabel('Name').fill('ann');
    await page.getByLabel('Password').fill(ann.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Let Weather wall in?' }).waitFor();
    complaints.length = 0;
    await page.getByText('Registered here by bob').waitFor();
    await fits();
    await page.getByRole('checkbox', { name: /^Use the services/ }).uncheck();
    await page.getByRole('radio', { name: /^Only some/ }).check();
    const allow = page.getByRole('button', { name: 'Allow' });
    expect(await allow.isDisabled()).toBe(true);
    await page.getByRole('checkbox', { name: 'shed' }).check();
    await page.getByRole('button', { name: 'Only some services…' }).click();
    await page.getByText('Choose at least one service').waitFor();
    await page.getByRole('checkbox', { name: 'web' }).check();
    await fits();
    await allow.click();
    await page.getByText('the app goes on').waitFor();
    const tokens = await client.authorizationCodeGrant(app.config, new URL(page.url()), {
      pkceCodeVerifier: verifier,
      expectedState: state,
    });
    expect(tokens.scope).toBe('openid offline_access read device:shed/web');
    const visit = (host: string, method: string) =>
      withToken(relay, tokens.access_token, host, '/', { method }).then(({ status }) => status);
    expect(await visit('web--shed.localhost', 'GET')).toBe(200);
    expect(await visit('web--shed.localhost', 'POST')).toBe(403);
    expect(await visit('notes--shed.localhost', 'GET')).toBe(404);
    expect(await visit('web--robot.localhost', 'GET')).toBe(404);
    expect(complaints).toEqual([]);
  });

  it('a no by keyboard goes back to the app as the RFC’s error', async () => {
    const { url, state } = await start('read shell manage device:garage device:shed');
    await page.goto(url.href);
    await page.getByText('garage').waitFor();
    await fits();
    await page.getByRole('button', { name: 'Deny' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('the app goes on').waitFor();
    const { searchParams } = new URL(page.url());
    expect([searchParams.get('error'), searchParams.get('state')]).toEqual(['access_denied', state]);
  });

  it('no page of another site has the consent page inside', async () => {
    const { url } = await start('read');
    const framing = await context.newPage();
    await framing.route('http://framing.localhost/**', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<iframe src="${url.href.replaceAll('&', '&amp;')}"></iframe>`,
      }),
    );
    await framing.goto('http://framing.localhost/');
    const framed = framing.frames().find((frame) => frame !== framing.mainFrame());
    expect(framed?.url()).toBe('chrome-error://chromewebdata/');
    expect(await framed?.getByRole('button', { name: 'Allow' }).count()).toBe(0);
    await framing.close();
  });

  it('a program is let in by the code that it shows, and put out on the page of apps', async () => {
    const started = await client.initiateDeviceAuthorization(app.config, { scope: 'read shell' });
    await page.goto(started.verification_uri);
    await page.getByLabel('Code').fill('BBBB-BBB');
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('A code has eight letters.').waitFor();
    await page.getByLabel('Code').fill('BBBB-BBBB');
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('No program shows this code').waitFor();
    await page.getByRole('button', { name: 'Type in another code' }).click();
    await page.getByLabel('Code').fill(started.user_code.toLowerCase());
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText(started.user_code).waitFor();
    await fits();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'The program is let in' }).waitFor();
    const tokens = await client.pollDeviceAuthorizationGrant(app.config, { ...started, interval: 0.01 });
    expect((await withToken(relay, tokens.access_token, 'localhost', '/api/devices')).status).toBe(200);

    await page.goto(`http://localhost:${relay.port}/apps`);
    const connected = page.getByRole('list', { name: 'Connected apps' });
    await connected.getByText('reads and opens shells on all devices').waitFor();
    await connected.getByText('reads on web of shed').waitFor();
    await fits();
    await connected.getByRole('button', { name: 'End the access of Weather wall' }).first().click();
    await page.getByRole('button', { name: 'End its access' }).click();
    await connected.getByText('reads and opens shells on all devices').waitFor({ state: 'detached' });
    expect((await withToken(relay, tokens.access_token, 'localhost', '/api/devices')).status).toBe(401);
  });

  it('somebody registers an app, and changes its secret', async () => {
    await page.goto(`http://localhost:${relay.port}/apps`);
    await page.getByRole('button', { name: 'Register an app' }).click();
    await page.getByLabel('Name').fill('My wall');
    await page.getByLabel('Callback addresses').fill('http://wall.example/');
    await page.getByLabel('Kind').selectOption('confidential');
    await page.getByRole('button', { name: 'Register', exact: true }).click();
    await page.getByText('is not https').waitFor();
    await page.getByLabel('Callback addresses').fill('https://wall.example/back');
    await page.getByRole('button', { name: 'Register', exact: true }).click();
    const secret = await page.getByLabel('Client secret', { exact: true }).innerText();
    expect(secret).toMatch(/^pls_[\w-]{43}$/);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Secrets of My wall' }).click();
    await page.getByRole('button', { name: 'Make a second secret' }).click();
    await page.getByLabel('New client secret', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Remove', exact: true }).first().click();
    await page.getByRole('button', { name: 'Make a second secret' }).waitFor();
    await fits();
  });
});
