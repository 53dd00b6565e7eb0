import { isServiceName } from '@porchlight/protocol';
import { AgentConfigFile, ConfigError, parseTarget } from '../../config/index.ts';
import { html } from '../html.ts';
import { formField, framed } from '../layout.ts';
import type { Action, Page } from './page.ts';

/** What of the device people may reach. */
export const servicesPage: Page = async ({ dataFolder, formToken }, { note, form }) => {
  const { services } = await new AgentConfigFile(dataFolder).read();
  const value = (name: string): string => form?.get(name) ?? '';
  const rows = [...services].map(
    ([name, { target }]) => html`<tr><th scope="row">${name}</th><td><code>${target.text}</code></td>
      <td><form method="post" action="/unexpose">${formField(formToken)}
        <input type="hidden" name="name" value="${name}"><button class="quiet">Remove</button></form></td></tr>`,
  );
  return framed({
    at: '/services',
    formToken,
    note,
    body: html`<h1>Services</h1>
      ${
        rows.length === 0
          ? html`<p>Nothing of this device can be reached yet. Name what listens on it, below.</p>`
          : html`<table><thead><tr><th>Name</th><th>Leads to</th><td></td></tr></thead><tbody>${rows}</tbody></table>`
      }
      <section><h2>Let something be reached</h2>
        <form method="post" action="/expose">${formField(formToken)}
          <label>Name <input name="name" placeholder="web" value="${value('name')}" required></label>
          <label>Leads to <input name="target" placeholder="http://127.0.0.1:80" value="${value('target')}" required></label>
          <button>Add</button>
        </form></section>`,
  });
};

export const servicesActions: readonly (readonly [string, Action])[] = [
  [
    '/expose',
    {
      page: '/services',
      async run({ dataFolder, control }, form) {
        const name = form.get('name')?.trim() ?? '';
        if (!isServiceName(name)) {
          throw new ConfigError('a service name has 1 to 29 lower-case letters, digits and inner hyphens');
        }
        const { text } = parseTarget(form.get('target')?.trim() ?? '');
        await new AgentConfigFile(dataFolder).expose(name, { target: text, insecureSkipVerify: false });
        await control.reload();
        return undefined;
      },
    },
  ],
  [
    '/unexpose',
    {
      page: '/services',
      async run({ dataFolder, control }, form) {
        await new AgentConfigFile(dataFolder).unexpose(form.get('name') ?? '');
        await control.reload();
        return undefined;
      },
    },
  ],
];
