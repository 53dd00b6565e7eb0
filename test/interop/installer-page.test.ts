/** A router comes in by the line that the dashboard shows, and by the Allow pressed beside it. */
import {
  type BareRoot,
  openBareRoot,
  requireBareRoot,
  requireBrowser,
  requireProgram,
  startBrowser,
  startTestRelay,
  type TestRelay,
} from '@porchlight/testkit';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const chromium = await requireBrowser();
const bare = await requireBareRoot();
const dbclient = await requireProgram('dbclient', 'dropbear-bin');
const dropbearkey = await requireProgram('dropbearkey', 'dropbear-bin');
const missing = chromium.missing ?? bare.missing ?? dbclient.missing ?? dropbearkey.missing;

describe.skipIf(missing)(`the page that adds a router ${missing ?? ''}`, () => {
  let relay: TestRelay;
  let browser: Browser;
  let router: BareRoot;

  beforeAll(async () => {
    relay = await startTestRelay();
    browser = await startBrowser(chromium.path ?? '');
    router = await openBareRoot({ programs: [dbclient.path ?? '', dropbearkey.path ?? ''], names: [] });
    await router.write('/etc/rc.local', 'exit 0\n');
  });
  afterAll(async () => {
    await browser?.close();
    await router?.close();
    await relay?.close();
  });

  it('shows a line that works as it stands, then the router itself', async () => {
    const person = await relay.person('alice', 'admin');
    const context = await browser.newContext({ viewport: { width: 360, height: 800 } });
    const origin = `http://localhost:${relay.port}`;
    const [name = '', value = ''] = person.cookie.split('=');
    await context.addCookies([{ name, value, url: origin }]);
    const page = await context.newPage();
    await page.goto(`${origin}/add`);
    await page.getByRole('tab', { name: 'A router or robot with only ssh' }).click();
    await page.getByLabel('Name', { exact: true }).fill('router1');
    const shown = page.getByLabel('Line to paste', { exact: true });
    const line = await shown.innerText();
    expect(line).toContain(' --name router1 ');
    expect(line).not.toContain('\n');
    await page.getByLabel('Ports that may be asked for').fill('22; reboot');
    expect(await shown.innerText()).not.toContain('reboot');

    const installing = router.start('sh', '-c', line);
    const request = page.getByTestId('join-request').first();
    await request.waitFor();
    const code = (await request.getByTestId('join-code').textContent()) ?? '';
    await request.getByRole('button', { name: 'Allow', exact: true }).click();
    await page.getByText('router1 is in.').waitFor();
    expect(await installing.ended).toMatchObject({ code: 0 });
    expect(installing.lines.join('\n')).toContain(`Code ${code};`);
    expect(await router.run('sh', '/etc/porchlight-home/phone-home.sh', 'uninstall')).toMatchObject({
      code: 0,
    });
    await context.close();
  });
});
