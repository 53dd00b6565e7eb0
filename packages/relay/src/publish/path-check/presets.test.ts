import { expect, it } from 'vitest';
import { presetFor } from './presets.ts';

const look = { title: '', html: '', location: '' };

it.each([
  ['jupyter', { title: 'JupyterLab' }],
  ['jupyter', { html: '<body class="x" data-base-url="/">' }],
  ['jupyter', { html: '<script id="jupyter-config-data" type="application/json">' }],
  ['node-red', { title: 'Node-RED' }],
  ['node-red', { html: '<script src="red/red.min.js">' }],
  ['octoprint', { title: 'OctoPrint Login' }],
  ['luci', { title: 'OpenWrt - LuCI' }],
  ['luci', { html: '<meta http-equiv="refresh" content="0; URL=cgi-bin/luci/" />' }],
  ['emoncms', { title: 'Emoncms - user login' }],
  ['emoncms', { html: '<script src="http://192.168.1.2/emoncms/Lib/jquery-3.6.0.min.js">' }],
])('%s is recognised by %j', (id, seen) => {
  const preset = presetFor({ ...look, ...seen }, '/robots/zumi01');
  expect(preset?.id).toBe(id);
  expect(preset?.strip).toBe(id === 'octoprint');
  expect(preset?.steps.join(' ')).toContain('/robots/zumi01');
});

it('a page that is none of them has no preset', () => {
  expect(presetFor({ ...look, title: 'Red lights', html: '<a href="/tree">' }, '/x')).toBeUndefined();
  // As long as the check reads of a page, and made to be slow.
  for (const bad of ['<body', '<body '.repeat(300), 'cgi-bin/']) {
    const html = bad.repeat(512_000 / bad.length);
    expect(presetFor({ ...look, html }, '/x')).toBeUndefined();
  }
});

it('Emoncms under the path that it has needs nothing', () => {
  expect(presetFor({ ...look, title: 'Emoncms' }, '/emoncms')?.steps).toHaveLength(1);
});
