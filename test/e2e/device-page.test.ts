import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  requireBrowser,
  requireProgram,
  runProgram,
  startBrowser,
  startTestRelay,
} from '@porchlight/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const chromium = await requireBrowser();
const ssh = await requireProgram('ssh', 'openssh-client');
const missing = chromium.missing ?? ssh.missing;
const run = promisify(execFile);

describe.skipIf(missing !== undefined)(`a device's page in a real browser ${missing ?? ''}`, () => {
  let relay: Awaited<ReturnType<typeof startTestRelay>>;
  let browser: Browser;
  let page: Page;
  let folder: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porchlight-device-page-'));
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
    relay = await startTestRelay();
    const alice = await relay.person('alice', 'admin');
    browser = await startBrowser(chromium.path ?? '');
    page = await browser.newPage({ viewport: { width: 360, height: 800 }, reducedMotion: 'reduce' });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
        complaints.push(message.text());
    });
    await page.goto(relay.relay.signInUrl(alice.id, 60_000));
    await page.waitForURL((url) => url.pathname === '/');
  });
  afterAll(async () => {
    await browser?.close();
    await relay?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const beat = (input: string) =>
    runProgram(
      'ssh',
      [
        ...['-F', '/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
        ...['-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-i', join(folder, 'key')],
        ...['-p', String(relay.relay.ports.ssh), 'router1@127.0.0.1', 'beat'],
      ],
      { input },
    );
  const choose = async (item: string) => {
    await page.getByRole('button', { name: 'More for router1' }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };

  it('adds a device by its public key, and never sends a private one', async () => {
    const sent: string[] = [];
    page.on('request', (request) => sent.push(request.postData() ?? ''));
    await page.goto(`http://localhost:${relay.port}/add`);
    await page.getByRole('tab', { name: 'I have its public key' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('router1');
    const key = page.getByRole('textbox', { name: 'Public key' });
    await key.fill(await readFile(join(folder, 'key'), 'utf8'));
    await page.getByRole('button', { name: 'Add the device' }).click();
    await page.getByText('it was not sent').waitFor();
    await key.fill(await readFile(join(folder, 'key.pub'), 'utf8'));
    await page.getByRole('button', { name: 'Add the device' }).click();
    await page.getByRole('link', { name: 'To the page of router1' }).click();
    await page.getByRole('heading', { name: 'router1' }).waitFor();
    expect(sent.join()).not.toContain('PRIVATE');
  });

  it('shows what the device reports while one looks, and nothing before', async () => {
    expect(await page.getByRole('region', { name: 'Readings' }).count()).toBe(0);
    expect(await beat('uptime=93600\nmemory_free=31400000\n')).toMatchObject({ code: 0 });
    await page.getByTestId('reading-uptime').getByText('1 d 2 h').waitFor();
    await page.getByTestId('reading-memory_free').getByText('31 MB').waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    expect(wide).toBe(false);
  });

  it('blocks and unblocks by the menu, with the keyboard', async () => {
    await choose('Block…');
    await page.getByRole('button', { name: 'Block the device' }).press('Enter');
    await page.getByText('This device is blocked').waitFor();
    expect(await beat('x=1\n')).toMatchObject({ code: 255 });
    await choose('Unblock…');
    await page.getByRole('button', { name: 'Unblock the device' }).press('Enter');
    await page.getByText('This device is blocked').waitFor({ state: 'detached' });
    expect(await beat('x=1\n')).toMatchObject({ code: 0 });
    await choose('Expected interval…');
    await page.getByLabel('Seconds between two calls').fill('600');
    await page.getByRole('button', { name: 'Save the interval' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  });
});
