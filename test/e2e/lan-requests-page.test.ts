import {
  requireBrowser,
  startBrowser,
  startTestRelay,
  type TestDevice,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import { connectAsync } from 'mqtt';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askBaseStation, makeBaseStation } from './base-station-rig.ts';

const chromium = await requireBrowser();
const PICTURES = process.env['PORCHLIGHT_PICTURES'];

describe.skipIf(chromium.missing !== undefined)(
  `WiFi devices in the dashboard ${chromium.missing ?? ''}`,
  () => {
    let relay: TestRelay;
    let browser: Browser;
    let page: Page;
    let origin: string;
    let attic: TestDevice;
    let alice: TestPerson;
    const stop = new AbortController();

    beforeAll(async () => {
      relay = await startTestRelay();
      alice = await relay.person('alice');
      attic = await relay.device(alice, 'attic');
      await makeBaseStation(attic);
      browser = await startBrowser(chromium.path ?? '');
      const context = await browser.newContext({
        viewport: { width: 360, height: 740 },
        reducedMotion: 'reduce',
      });
      origin = `http://localhost:${relay.port}`;
      const [name = '', value = ''] = alice.cookie.split(/=(.*)/s);
      await context.addCookies([{ name, value, url: origin }]);
      page = await context.newPage();
    }, 60_000);
    afterAll(async () => {
      stop.abort();
      await browser.close();
      await relay.close();
    });

    const isWide = () => page.evaluate('document.documentElement.scrollWidth > innerWidth');

    /** Looks at it in both colours; kept only if a folder is given. */
    async function picture(name: string): Promise<void> {
      if (PICTURES === undefined) return;
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: `${PICTURES}/${name}-${colorScheme}.png`, fullPage: true });
      }
    }

    it('a notice comes with the code, on any page; Allow there lets the device in', async () => {
      await page.goto(`${origin}/settings`);
      await page.getByRole('heading', { name: 'Settings' }).waitFor();
      const device = askBaseStation(attic, 'porch lamp', stop.signal);
      const code = await device.code;
      await page
        .getByText('porch lamp asks attic to be let in', { exact: true })
        .waitFor({ timeout: 20_000 });
      await page.getByText(code, { exact: true }).waitFor();
      await picture('notice');
      await page.getByRole('button', { name: 'Allow', exact: true }).click();
      expect(await device.outcome).toMatchObject({ username: 'porch-lamp' });
      await page.getByText('porch lamp is let in', { exact: true }).waitFor();
    }, 60_000);

    it('on the page of the base station, with a name; then it stands among the devices', async () => {
      await page.goto(`${origin}/devices/${attic.id}`);
      const panel = page.getByRole('region', { name: 'WiFi devices' });
      await panel.getByText('porch-lamp').waitFor();
      const device = askBaseStation(attic, 'sensor', stop.signal);
      const card = panel.getByTestId('lan-request');
      await card.waitFor({ timeout: 20_000 });
      expect(await card.getByTestId('lan-code').innerText()).toBe(await device.code);
      expect(await isWide()).toBe(false);
      await picture('device');
      await card.getByRole('textbox', { name: 'Name' }).fill('kitchen');
      await page.keyboard.press('Enter');
      const given = await device.outcome;
      expect(given).toMatchObject({ username: 'kitchen' });
      await panel.getByTestId('wifi-kitchen').waitFor();
      await expect.poll(() => card.count()).toBe(0);
      const { mqtts, ca = '', username, password } = given!;
      const sensor = await connectAsync(`mqtts://127.0.0.1:${mqtts}`, { ca, username, password });
      for (const value of ['21', '22', '21.5']) {
        await sensor.publishAsync('emon/kitchen/temperature', value, { qos: 1 });
      }
      await page.reload();
      const values = panel.getByRole('list', { name: 'Values' });
      await values.getByText('emon/kitchen/temperature').waitFor();
      await values.getByText('21.5').waitFor();
      expect(await isWide()).toBe(false);
      await sensor.endAsync();
      await picture('devices');
    }, 60_000);

    it('among the join requests, with the base station named; Deny is final', async () => {
      await page.goto(`${origin}/requests`);
      await page.getByText('Nobody is at the door').waitFor();
      const device = askBaseStation(attic, 'neighbour', stop.signal);
      const card = page.getByTestId('lan-request');
      await card.getByRole('link', { name: 'attic' }).waitFor({ timeout: 20_000 });
      await page.getByText('Nobody is at the door').waitFor({ state: 'detached' });
      expect(await isWide()).toBe(false);
      await picture('requests');
      await card.getByRole('button', { name: 'Deny' }).press('Enter');
      expect(await device.outcome).toBeUndefined();
      await page.getByText('Nobody is at the door').waitFor();
    }, 60_000);

    it('a base station that lets nobody in from afar says so; when it goes, so do its devices', async () => {
      await makeBaseStation(attic, '  remoteAllow: false\n');
      askBaseStation(attic, 'closed', stop.signal).outcome.catch(() => undefined);
      const card = page.getByTestId('lan-request');
      await card.getByText('lets nobody in from afar').waitFor({ timeout: 20_000 });
      expect(await card.getByRole('button').count()).toBe(0);
      await attic.stop();
      await card.waitFor({ state: 'detached' });
    }, 60_000);
  },
);
