import { expect, it } from 'vitest';
import { openerOf } from './browser.ts';

it("takes the person's own browser, else the system's, else none", () => {
  expect(openerOf({ BROWSER: 'firefox --new-tab:chromium' }, 'linux')).toEqual(['firefox', '--new-tab']);
  expect(openerOf({ BROWSER: 'w3m %s' }, 'linux')).toEqual(['w3m']);
  expect(openerOf({}, 'darwin')).toEqual(['open']);
  expect(openerOf({ DISPLAY: ':0' }, 'linux')).toEqual(['xdg-open']);
  expect(openerOf({ WAYLAND_DISPLAY: 'wayland-0' }, 'linux')).toEqual(['xdg-open']);
  expect(openerOf({ BROWSER: ' ' }, 'linux')).toBeUndefined();
});
