import { requireBrowser, startBrowser } from '@porchlight/testkit';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { emonEspAsks, mosquitto, type Station, startStation } from './rig.ts';

// Each test starts several programs, on a machine that may have other work.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const chromium = await requireBrowser();
const PASSWORD = 'a lamp at the door';
/** A folder for pictures of the page, to be looked at by a person; none without it. */
const PICTURES = process.env['PORCHLIGHT_TEST_PICTURES'];
let station: Station;
beforeAll(async () => {
  station = await startStation();
});
afterAll(() => station.close());

test.skipIf(chromium.missing !== undefined)(
  `a person lets a device in, sees what it says, and takes its credentials back ${chromium.missing ?? ''}`,
  async () => {
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const server = `http://127.0.0.1:${station.ports.http}`;
    const browser = await startBrowser(chromium.path ?? '');
    onTestFinished(() => browser.close());
    const tab = await browser.newPage({ viewport: { width: 360, height: 740 } });
    tab.setDefaultTimeout(60_000);
    const faults: string[] = [];
    tab.on('pageerror', (error) => void faults.push(error.message));
    tab.on('console', (line) => {
      if (line.type() === 'error') faults.push(line.text());
    });
    const picture = async (name: string): Promise<void> => {
      const width = await tab.evaluate('document.documentElement.scrollWidth');
      expect(width, name).toBeLessThanOrEqual(tab.viewportSize()?.width ?? 0);
      if (PICTURES === undefined) return;
      for (const colorScheme of ['light', 'dark'] as const) {
        await tab.emulateMedia({ colorScheme });
        await tab.screenshot({ path: `${PICTURES}/wifi-${name}-${colorScheme}.png`, fullPage: true });
      }
    };
    await tab.goto(`${station.page().url}wifi`);
    await tab.getByLabel('Code').fill(station.page().claimCode);
    await tab.getByLabel('New password').fill(PASSWORD);
    await tab.getByRole('button', { name: 'Claim' }).click();
    await tab.getByRole('link', { name: 'WiFi' }).click();
    await tab.getByText('No device asks now').waitFor();

    // It comes while the page is open, and nobody loads it again.
    const asking = emonEspAsks(server, { everyMs: 500, signal: stop.signal });
    asking.catch(() => undefined); // told to who awaits it
    await tab.getByText('EmonESP: no code').waitFor();
    await picture('request');
    const name = tab.getByLabel('Call it');
    await name.fill('<b>kitchen</b>');
    // What is being typed stays, whatever the page learns meanwhile.
    for (let n = 0; n < 2; n += 1)
      await tab.waitForResponse((answer) => answer.url().endsWith('/wifi/devices'));
    expect(await name.inputValue()).toBe('<b>kitchen</b>');
    await tab.getByRole('button', { name: 'Allow' }).click();
    const { credentials } = await asking;
    expect(credentials.user).toBe('b-kitchen-b');
    for (const power of ['20', '23.5', '21', '30', '28']) {
      const said = ['-t', 'emon/emonesp/power', '-m', power];
      expect(await mosquitto('mosquitto_pub', credentials, said)).toMatchObject({ code: 0 });
    }
    const input = tab.getByRole('row', { name: /emon\/emonesp\/power/ });
    await input.getByText('28', { exact: true }).waitFor();
    await input.getByRole('img', { name: 'emon/emonesp/power: from 20 to 30' }).waitFor();
    await tab.getByText('emon/emonesp/', { exact: true }).waitFor();
    await picture('devices');
    await tab.setViewportSize({ width: 1200, height: 900 });
    await picture('wide');
    await tab.setViewportSize({ width: 360, height: 740 });

    await tab.getByRole('button', { name: 'New password: b-kitchen-b' }).click();
    const told = await tab.getByRole('status').textContent();
    const [, password = ''] = /User b-kitchen-b, password (\S+)$/.exec(told ?? '') ?? [];
    const say = (secret: string) =>
      mosquitto('mosquitto_pub', { ...credentials, password: secret }, [
        '-t',
        'emon/emonesp/power',
        '-m',
        '1',
      ]);
    expect((await say(credentials.password)).code).not.toBe(0);
    expect((await say(password)).code).toBe(0);
    await tab.getByRole('button', { name: 'Revoke: b-kitchen-b' }).click();
    await tab.getByText(/^revoked/).waitFor();
    expect((await say(password)).code).not.toBe(0);

    // Denied on the page: heard no more, until it is forgotten.
    const again = emonEspAsks(server, { everyMs: 500, signal: stop.signal });
    again.catch(() => undefined); // told to who awaits it
    await tab.getByRole('button', { name: 'Deny' }).click();
    await tab.getByRole('heading', { name: 'Denied' }).waitFor();
    await vi.waitFor(
      async () => expect((await fetch(`${server}/emoncms/device/auth/request.json`)).status).toBe(403),
      { timeout: 60_000 },
    );
    await picture('denied');
    await tab.getByRole('button', { name: 'Forget' }).click();
    await tab.getByRole('button', { name: 'Allow' }).waitFor();
    stop.abort();
    await expect(again).rejects.toThrow();

    await tab.getByRole('button', { name: 'Switch the base station off' }).click();
    await tab.getByRole('button', { name: 'Switch it on' }).waitFor();
    await picture('off');
    await expect(fetch(server)).rejects.toThrow();
    expect(faults).toEqual([]);
  },
);
