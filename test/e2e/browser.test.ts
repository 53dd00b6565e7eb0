import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, AgentConfigFile, joinRelay, silentLogger, startAgent } from '@porchlight/agent';
import { requireBrowser, startBrowser, startTestRelay, type TestRelay } from '@porchlight/testkit';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startScope } from '../../demo/src/scope/index.ts';

const chromium = await requireBrowser();

describe.skipIf(chromium.missing !== undefined)(`in a real browser ${chromium.missing ?? ''}`, () => {
  let relay: TestRelay;
  let scope: Awaited<ReturnType<typeof startScope>>;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let folder: string;
  let agent: Agent | undefined;
  /** What a page complained about in its console, violations of the content security policy among them. */
  const complaints: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porchlight-browser-'));
    scope = await startScope();
    relay = await startTestRelay();
    browser = await startBrowser(chromium.path ?? '');
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
    page.on('console', (message) => {
      // A 401 on the way to the sign-in page, and what fails while the device is away, are no faults of the page.
      if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
        complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  });

  afterAll(async () => {
    await browser?.close();
    await agent?.close();
    await relay?.close();
    await scope?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const origin = (): string => `http://localhost:${relay.port}`;

  const run = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    agent = await startAgent({
      dataFolder: folder,
      environment: {},
      logger: silentLogger,
      onPhase: ({ kind }) => kind === 'up' && resolve(),
    });
    await promise;
  };

  it('makes the first account by the one-time link', async () => {
    await page.goto((await relay.relay.setupUrl()) ?? '');
    await page.getByLabel('Name').fill('alice');
    await page.getByLabel('Password').fill('a few plain words');
    await page.getByRole('button', { name: 'Make the account' }).click();
    await page.waitForURL(`${origin()}/`);
    await page.getByRole('link', { name: 'Add a device' }).first().click();
    await page.waitForURL(`${origin()}/add`);
    expect(await page.getByText(`agent join ${origin()} --account alice`).count()).toBe(1);
  });

  it('lets a device in with the code that both sides show', async () => {
    let shown = '';
    const joining = joinRelay({
      dataFolder: folder,
      url: origin(),
      token: undefined,
      account: 'alice',
      name: 'bench',
      caFile: undefined,
      fingerprint: undefined,
      environment: {},
      signal: AbortSignal.timeout(30_000),
      onPending: ({ code }) => {
        shown = code;
      },
    });
    const request = page.getByTestId('join-request').first();
    await request.waitFor();
    expect(await request.getByTestId('join-code').textContent()).toBe(shown);
    await request.getByRole('button', { name: 'Allow', exact: true }).click();
    expect((await joining).device).toBe('bench');
  });

  it('opens the page of the device through its host name, with a live WebSocket', async () => {
    await new AgentConfigFile(folder).expose('scope', { target: `http://127.0.0.1:${scope.port}` });
    await run();
    await page.goto(`${origin()}/`);
    await page.getByRole('link', { name: 'bench', exact: true }).click();
    const [opened] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('link', { name: 'Open scope' }).click(),
    ]);
    await opened.getByLabel('Text').fill('hello from afar');
    await opened.getByRole('button', { name: 'Send' }).click();
    await opened.getByRole('log').getByText('hello from afar').first().waitFor();
    expect(new URL(opened.url()).host).toBe(`scope--bench.localhost:${relay.port}`);
    const cookies = await opened.evaluate(() => document.cookie);
    expect(cookies).not.toContain('porchlight');
    await opened.close();
  });

  it('shows the offline page when the device is unplugged, and the device again when it is back', async () => {
    await agent?.close();
    const visit = await context.newPage();
    await visit.goto(`http://scope--bench.localhost:${relay.port}/`);
    await visit.getByRole('heading', { name: 'bench is offline' }).waitFor();
    expect(await visit.getByText('Last seen').count()).toBe(1);
    await page
      .getByText(/^Offline/)
      .first()
      .waitFor();
    await run();
    await page
      .getByText(/^Online/)
      .first()
      .waitFor();
    // The page looks again by itself.
    await visit.getByRole('heading', { name: 'Live scope' }).waitFor();
    await visit.close();
  });

  it('fits a phone in light and dark on every page, and breaks no content security policy', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    const paths = ['/', '/add', '/requests', '/tokens', '/accounts', '/audit', '/settings'];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const path of paths) {
        await page.goto(`${origin()}${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(overflow, `${path} in ${colorScheme} is wider than the phone`).toBeLessThanOrEqual(0);
      }
    }
    expect(complaints).toEqual([]);
  });
});
