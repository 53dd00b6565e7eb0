import type { PathPreset } from '@porchlight/protocol/api';

/** What is known of a service that was looked at. */
export interface Look {
  readonly title: string;
  readonly html: string;
  /** Where the first answer sent the visitor; empty: nowhere. */
  readonly location: string;
}

interface Known {
  readonly id: string;
  readonly name: string;
  readonly strip: boolean;
  recognises(look: Look): boolean;
  steps(prefix: string): string[];
}

const KNOWN: readonly Known[] = [
  {
    id: 'jupyter',
    name: 'Jupyter',
    strip: false,
    recognises: ({ title, html, location }) =>
      /\bjupyter/i.test(title) ||
      /<body[^<>]{0,2000}data-base-url=|id="jupyter-config-data"/i.test(html) ||
      /\/(?:tree|lab|login)\?(?:next|token)=/.test(location),
    steps: (prefix) => [
      `JupyterLab and Notebook 7: in jupyter_server_config.py set c.ServerApp.base_url = '${prefix}/' and c.ServerApp.allow_remote_access = True.`,
      `Notebook up to 6: in jupyter_notebook_config.py set c.NotebookApp.base_url = '${prefix}/' and c.NotebookApp.allow_remote_access = True.`,
      `Or start it with --ServerApp.base_url=${prefix}/ --ServerApp.allow_remote_access=True (NotebookApp up to 6). Restart it.`,
      'Publish it with the path unchanged. Kernels need WebSockets, which work.',
    ],
  },
  {
    id: 'node-red',
    name: 'Node-RED',
    strip: false,
    recognises: ({ title, html }) =>
      /^node-red\b/i.test(title.trim()) || /\bred\/red(?:\.min)?\.js\b/.test(html),
    steps: (prefix) => [
      `In settings.js set httpAdminRoot: '${prefix}' and httpNodeRoot: '${prefix}', and restart Node-RED.`,
      `Publish it with the path unchanged. The editor is then at ${prefix}/, the dashboard at ${prefix}/ui, on the local network too.`,
    ],
  },
  {
    id: 'octoprint',
    name: 'OctoPrint',
    strip: true,
    recognises: ({ title, html }) =>
      /\boctoprint\b/i.test(title) || /static\/webassets\/packed_core/.test(html),
    steps: (prefix) => [
      'Publish it with the prefix removed.',
      `Nothing has to be set on the device: OctoPrint takes the prefix from the header X-Script-Name, which is sent with ${prefix}, and the scheme from X-Forwarded-Proto.`,
      'If config.yaml has server.reverseProxy, see that prefixHeader is X-Script-Name there and that trustedProxies has 127.0.0.1.',
    ],
  },
  {
    id: 'luci',
    name: 'LuCI (OpenWrt)',
    strip: false,
    recognises: ({ title, html, location }) =>
      /\bLuCI\b/.test(title) || /\/luci-static\/|cgi-bin\/luci/.test(`${html}${location}`),
    steps: (prefix) => [
      'A host name of its own, as each service has one, needs none of this: prefer it. For a prefix, on the router:',
      `mkdir -p /www${parentOf(prefix)} && ln -s /www /www${prefix}`,
      `uci set uhttpd.main.cgi_prefix='${prefix}/cgi-bin'; uci set uhttpd.main.ubus_prefix='${prefix}/ubus'`,
      `uci set luci.main.mediaurlbase='${prefix}/luci-static/bootstrap'; uci set luci.main.resourcebase='${prefix}/luci-static/resources'; uci set luci.main.ubuspath='${prefix}/ubus/'`,
      `uci commit && /etc/init.d/uhttpd restart. Publish it with the path unchanged; LuCI is then at ${prefix}/cgi-bin/luci, on the local network too.`,
    ],
  },
  {
    id: 'emoncms',
    name: 'Emoncms',
    strip: false,
    recognises: ({ title, html, location }) =>
      /\bemoncms\b/i.test(title) ||
      /\/emoncms\/(?:Lib|Modules|Theme)\//.test(html) ||
      /\/emoncms\//.test(location),
    steps: (prefix) =>
      prefix === '/emoncms'
        ? [
            'Publish it with the path unchanged. Nothing has to be set: on the device it is at /emoncms/ already.',
          ]
        : [
            'Publish it under /emoncms, where it is on the device already, with the path unchanged: then nothing has to be set. For another prefix, on the device:',
            `mkdir -p /var/www/html${parentOf(prefix)} && ln -s /var/www/emoncms /var/www/html${prefix}`,
            'Publish it with the path unchanged: Emoncms makes its addresses from the path that it is asked by.',
          ],
  },
];

/** The known program that this looks like, with what it needs under the prefix. */
export function presetFor(look: Look, prefix: string): PathPreset | undefined {
  const known = KNOWN.find((one) => one.recognises(look));
  return known && { id: known.id, name: known.name, strip: known.strip, steps: known.steps(prefix) };
}

/** `/a` of `/a/b`; nothing of `/a`. */
function parentOf(prefix: string): string {
  return prefix.slice(0, prefix.lastIndexOf('/'));
}
