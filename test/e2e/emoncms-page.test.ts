import { readFile } from 'node:fs/promises';
import {
  requireBrowser,
  startBrowser,
  startTestRelay,
  type TestDevice,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { POINTS, type ScriptedEmoncms, startScriptedEmoncms } from './emoncms-rig.ts';

const chromium = await requireBrowser();
const shots = process.env['PORCHLIGHT_SHOTS'];

describe.skipIf(chromium.missing !== undefined)(
  `feeds and graphs in a real browser ${chromium.missing ?? ''}`,
  () => {
    let emoncms: ScriptedEmoncms;
    let relay: TestRelay;
    let owner: TestPerson;
    let home: TestDevice;
    let browser: Browser;
    let context: BrowserContext;
    let page: Page;
    const complaints: string[] = [];

    const origin = () => `http://localhost:${relay.port}`;
    const open = (search = '') => page.goto(`${origin()}/devices/${home.id}/emoncms${search}`);
    const shot = async (name: string) => {
      if (shots !== undefined) await page.screenshot({ path: `${shots}/emoncms-${name}.png` });
    };

    beforeAll(async () => {
      emoncms = await startScriptedEmoncms();
      relay = await startTestRelay();
      owner = await relay.person('ann', 'admin');
      home = await relay.device(owner, 'home', { emoncms: emoncms.url });
      browser = await startBrowser(chromium.path ?? '');
    });
    beforeEach(async () => {
      emoncms.answer = undefined;
      emoncms.asked.length = 0;
      await context?.close();
      await newPage({ viewport: { width: 1100, height: 800 } });
    });
    afterAll(async () => {
      await browser?.close();
      await relay?.close();
      await emoncms?.close();
      expect(complaints).toEqual([]);
    });

    async function newPage(options: Parameters<Browser['newContext']>[0]): Promise<void> {
      context = await browser.newContext(options);
      const [name = '', value = ''] = owner.cookie.split('=');
      await context.addCookies([{ name, value, domain: 'localhost', path: '/' }]);
      await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: origin() });
      page = await context.newPage();
      page.setDefaultTimeout(15_000);
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
          complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
    }

    it('leads from the device to its feeds, to a graph of two, and a link brings that back', async () => {
      await page.goto(`${origin()}/devices/${home.id}`);
      await page.getByRole('link', { name: 'Feeds' }).click();
      await page.getByRole('heading', { name: 'Power' }).waitFor();
      const solar = page.getByRole('listitem').filter({ hasText: 'solar' });
      expect(await solar.innerText()).toMatch(/fixed interval, 4.0 kB[\s\S]*101 W[\s\S]*min ago/);
      expect(await solar.locator('[data-freshness]').getAttribute('data-freshness')).toBe('late');
      await shot('feeds');
      // By keyboard alone.
      await page.getByRole('checkbox', { name: 'use' }).focus();
      await page.keyboard.press('Space');
      await page.getByRole('checkbox', { name: 'battery' }).focus();
      await page.keyboard.press('Space');
      await page.getByRole('button', { name: 'Graph of 2 feeds' }).focus();
      await page.keyboard.press('Enter');
      await page.locator('canvas').waitFor();
      const legend = page.getByRole('list', { name: 'Feeds of the graph' });
      await legend
        .getByText(/lowest -1,000/)
        .first()
        .waitFor();
      // Two units, two axes.
      await legend.getByRole('button', { name: /Axis of House: battery \(%\): right/ }).waitFor();
      await shot('graph');
      await page.getByRole('button', { name: 'Last 7 days' }).click();
      await legend.getByRole('button', { name: /Axis of Power: use/ }).click();
      await page.getByRole('button', { name: 'Copy a link' }).click();
      const link = await page.evaluate(() => navigator.clipboard.readText());
      expect(link).toMatch(/emoncms\?service=emoncms&tab=graph&feeds=1r,4&span=604800000$/);
      await page.goto('about:blank');
      await page.goto(link);
      await legend.getByRole('button', { name: /Axis of Power: use \(W\): right/ }).waitFor();
      await page.goBack();
      await page.goForward();
      await legend.waitFor();
    });

    it('zooms by drawing over the graph, moves, and saves what it shows as CSV', async () => {
      await open('?tab=graph&feeds=1&from=1700000000000&to=1700086400000');
      const canvas = page.locator('.u-over');
      const box = (await canvas.boundingBox())!;
      await page.getByText(/lowest -1,000/).waitFor();
      await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 8 });
      await page.mouse.up();
      await page.waitForURL((url) => url.searchParams.get('from') !== '1700000000000');
      const range = () => {
        const query = new URL(page.url()).searchParams;
        return [Number(query.get('from')), Number(query.get('to'))] as const;
      };
      const [from, to] = range();
      expect(Math.abs(from - 1700021600000) + Math.abs(to - 1700064800000)).toBeLessThan(1_000_000);
      await page.getByRole('button', { name: 'Earlier' }).click();
      await page.waitForURL((url) => Number(url.searchParams.get('to')) < to);
      expect(range()[1] - range()[0]).toBe(to - from);
      await page.locator('[aria-busy=false]').waitFor();
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Save as CSV' }).click();
      const lines = (await readFile(await (await saved).path(), 'utf8')).trim().split('\r\n');
      expect(lines[0]).toBe('time,Power: use (W)');
      expect(lines.length).toBeGreaterThan(POINTS * 0.9);
      const [first = ''] = lines[1]?.split(',') ?? [];
      expect(Date.parse(first)).toBeGreaterThanOrEqual(range()[0]);
      // A gap stays a gap.
      expect(lines.filter((line) => line.endsWith(',')).length).toBeGreaterThan(400);
    });

    it(`stays fluid with ${POINTS} points in each of four feeds`, async () => {
      await open('?tab=graph&feeds=1,2,3,4');
      await page
        .getByText(/lowest -1,000/)
        .nth(3)
        .waitFor();
      const box = (await page.locator('.u-over').boundingBox())!;
      await page.evaluate(() => {
        const seen: number[] = [];
        Object.assign(globalThis, { frameTimes: seen });
        let last = performance.now();
        const next = (now: number) => {
          seen.push(now - last);
          last = now;
          requestAnimationFrame(next);
        };
        requestAnimationFrame(next);
      });
      for (let step = 0; step < 60; step += 1) {
        await page.mouse.move(box.x + (box.width * (step + 1)) / 62, box.y + 80);
      }
      for (const name of ['Zoom in', 'Zoom in', 'Zoom out', 'Earlier', 'Last hour']) {
        await page.getByRole('button', { name }).click();
      }
      await page
        .getByText(/lowest -1,000/)
        .nth(3)
        .waitFor();
      const frames = await page.evaluate(() => Reflect.get(globalThis, 'frameTimes') as unknown as number[]);
      const sorted = frames.toSorted((a, b) => a - b);
      const [half, most] = [0.5, 0.95].map((share) => sorted[Math.floor(sorted.length * share)] ?? 0);
      // A page that hangs has few frames and long ones; on a quiet machine 95 % take 17 ms.
      expect(frames.length).toBeGreaterThan(30);
      expect(half).toBeLessThan(100);
      if (shots !== undefined)
        process.stdout.write(`frames: ${frames.length}, ${half} ms, 95 %: ${most} ms\n`);
    });

    it('says that the home is offline, and shows the last answer where that is kept', async () => {
      await open();
      const keep = page.getByRole('checkbox', { name: /Show the last answers/ });
      const changed = () => page.waitForResponse((one) => one.request().method() === 'PATCH' && one.ok());
      await Promise.all([changed(), keep.click()]);
      await page.reload();
      await page.getByText('solar').waitFor();
      await home.stop();
      await page.reload();
      const alert = page.getByRole('alert');
      await alert.getByText('The device is offline').waitFor();
      expect(await alert.innerText()).toMatch(/home is offline[\s\S]*What you see is its last answer, from/);
      await page.getByText('solar').waitFor();
      await shot('offline');
      await Promise.all([changed(), keep.click()]);
      await page.reload();
      await alert.getByText('The device is offline').waitFor();
      expect(await page.getByText('solar').count()).toBe(0);
      await home.start();
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByText('solar').waitFor();
      expect(await alert.count()).toBe(0);
    });

    it('says what emoncms says, and shows no rubbish', async () => {
      emoncms.answer = () => '{"success":false,"message":"<b>Invalid</b> API key"}';
      await open();
      await page.getByRole('alert').getByText('emoncms says: <b>Invalid</b> API key').waitFor();
      emoncms.answer = (path) => (path === '/feed/list.json' ? '[{"id":1,"name":"<img src=x>"},5]' : '}{');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByText('<img src=x>').waitFor();
      await page.getByRole('button', { name: 'Inputs' }).click();
      await page.getByRole('alert').getByText('The answer is no JSON').waitFor();
    });

    it('works on a phone, by day and by night, with fingers', async () => {
      await context.close();
      await newPage({
        viewport: { width: 360, height: 720 },
        hasTouch: true,
        isMobile: true,
        colorScheme: 'dark',
      });
      await open();
      await page.getByText('solar').waitFor();
      const wide = () => page.evaluate(() => document.documentElement.scrollWidth);
      expect(await wide()).toBe(360);
      await shot('phone-feeds');
      await page.getByRole('checkbox', { name: 'use' }).tap();
      await page.getByRole('checkbox', { name: 'battery' }).tap();
      await page.getByRole('button', { name: 'Graph of 2 feeds' }).tap();
      await page
        .getByText(/lowest -1,000/)
        .first()
        .waitFor();
      expect(await wide()).toBe(360);
      await shot('phone-graph');
      // One finger to the right: earlier.
      const box = (await page.locator('.u-over').boundingBox())!;
      const session = await context.newCDPSession(page);
      const [x, y] = [box.x + 40, box.y + 60];
      await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] });
      for (let by = 20; by <= 120; by += 20)
        await session.send('Input.dispatchTouchEvent', {
          type: 'touchMove',
          touchPoints: [{ x: x + by, y }],
        });
      await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
      await page.waitForURL((url) => url.searchParams.has('from'));
      await page.getByRole('button', { name: 'Inputs' }).click();
      await shot('phone-inputs');
      await page.getByText('power1').waitFor();
      expect(await wide()).toBe(360);
    });
  },
);
