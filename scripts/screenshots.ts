/**
 * Makes the pictures below docs/images/: starts the demo home on its usual ports, signs in by its one-time link, and
 * photographs the console in light and dark with Debian's Chromium. Run it by hand when the console's looks change:
 *
 *     PATH=node_modules/.bin:$PATH node scripts/screenshots.ts
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Browser, chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const ROOT = dirname(import.meta.dirname);
const FOLDER = join(ROOT, 'docs/images');
const VIEWPORT = { width: 1200, height: 760 };
/** A picture in a page of documentation. */
const BYTES_MAX = 250 * 1024;

const demo = spawn(process.execPath, [join(ROOT, 'scripts/tasks/start.ts')], {
  cwd: ROOT,
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const link = await signInLink(demo);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    await photograph(browser, link);
  } finally {
    await browser.close();
  }
} finally {
  demo.kill('SIGTERM');
  if (demo.exitCode === null) await once(demo, 'exit');
}

/** The address that the demo prints once it is up. */
async function signInLink(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the demo has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const [link] = /http:\S+\/sign-in\?link=\S+/.exec(line) ?? [];
    if (link !== undefined) return link;
  }
  throw new Error('the demo ended before it was up');
}

async function photograph(browser: Browser, link: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const context = await browser.newContext({ viewport: VIEWPORT, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(link);
  await page
    .getByRole('link', { name: /demo-home/ })
    .first()
    .waitFor();
  const { origin } = new URL(page.url());
  await inBothColours(page, 'devices');

  const device = await page
    .getByRole('link', { name: /demo-home/ })
    .first()
    .getAttribute('href');
  for (const service of ['lights', 'scope', 'emoncms']) {
    await page.goto(origin.replace('localhost', `${service}--demo-home.localhost`));
    await page.waitForLoadState('load');
  }
  await page.waitForLoadState('networkidle');
  await inBothColours(page, 'energy');

  // When a service last answered is written every few seconds.
  await page.goto(`${origin}${device ?? ''}`);
  await page.getByText('Last answer').nth(2).waitFor();
  await inBothColours(page, 'device');

  await page.goto(`${origin}/add`);
  await page.getByText('agent join').first().waitFor();
  await inBothColours(page, 'add-device');
}

async function inBothColours(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const path = join(FOLDER, `${name}-${colorScheme}.png`);
    await page.screenshot({ path, animations: 'disabled' });
    const { size } = await stat(path);
    console.log(`${name}-${colorScheme}.png  ${Math.round(size / 1024)} KB`);
    if (size > BYTES_MAX) throw new Error(`${path} is larger than ${BYTES_MAX} bytes`);
  }
}
