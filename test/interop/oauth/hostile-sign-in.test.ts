import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { begin, connect, registered, type TestApp, TestBrowser } from './rig.ts';

let relay: TestRelay;
let ann: TestPerson;
let mallory: TestPerson;
let app: TestApp;

beforeAll(async () => {
  relay = await startTestRelay();
  ann = await relay.person('ann');
  mallory = await relay.person('mallory');
  // An honest app that runs in browsers, and ann has let in before.
  app = await registered(relay, mallory, { name: 'Weather page', confidential: false });
  await connect(
    new TestBrowser(relay, ann),
    app,
    { scope: 'openid read write' },
    { allow: true, scopes: ['read', 'write'] },
  );
});
afterAll(() => relay.close());

/** The address of the page that asks a person to sign in for the app, begun in this browser. */
async function signInPage(browser: TestBrowser, params: Readonly<Record<string, string>>): Promise<string> {
  const { url } = await begin(app, { scope: 'openid read write', ...params });
  const { path } = await browser.follow(url);
  return new URL(path, 'http://localhost').searchParams.get('next') ?? '';
}

test.each([
  ['nobody', (): TestPerson | undefined => undefined],
  ['mallory', (): TestPerson | undefined => mallory],
] as const)('a sign-in begun elsewhere that ann looks at lets %s in as ann never', async (_as, who) => {
  const own = new TestBrowser(relay);
  const page = await signInPage(own, {});
  expect(page).toMatch(/^\/oauth\/sign-in\//);
  // An image on the page of a device would do: ann is signed in.
  expect((await new TestBrowser(relay, ann).open(page)).status).toBe(303);
  own.signIn(who());
  const { answer, away } = await own.follow(page.replace('sign-in', 'authorize'));
  expect(answer.body).not.toContain('end_session');
  expect(answer.status).toBeLessThan(500);
  expect(away?.searchParams.get('code') ?? 'none').toBe('none');
});

test('a request is kept only as long as it is short', async () => {
  const { url } = await begin(app, { scope: 'read', login_hint: 'x'.repeat(9_000) });
  const { answer, away } = await new TestBrowser(relay, ann).follow(url);
  expect([answer.status, away?.searchParams.get('error')]).toEqual([303, 'invalid_request']);
  const form = { client_id: 'porchlight-cli', scope: 'read', nonce: 'x'.repeat(40_000) };
  const code = await fetch(`http://localhost:${relay.port}/oauth/device-authorization`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  expect([code.status, await code.json()]).toMatchObject([400, { error: 'invalid_request' }]);
});

test('whoever begins as nobody and signs in in the same browser gets on', async () => {
  const browser = new TestBrowser(relay);
  const page = await signInPage(browser, {});
  browser.signIn(ann);
  expect((await browser.follow(page)).away?.searchParams.get('code')).toMatch(/./);
});
