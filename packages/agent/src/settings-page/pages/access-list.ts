import { AgentConfigFile, ConfigError } from '../../config/index.ts';
import {
  type Access,
  type AccessList,
  DEFAULT_ACCESS_LIST,
  installAccessList,
  installedAccessList,
  keyOf,
  parseAccessName,
  type WrittenAccessList,
} from '../../emoncms/index.ts';
import { type Html, html } from '../html.ts';
import { formField } from '../layout.ts';
import type { Action, PageContext } from './page.ts';

const SERVICE = 'emoncms';
const TARGET = 'http://localhost:80/emoncms';

/** The access list: part, key on a click, add, remove, defaults, and one switch that closes every change. */
export async function accessListSection(
  { dataFolder, formToken }: PageContext,
  form: URLSearchParams | undefined,
): Promise<Html> {
  const found = await installedAccessList(dataFolder, SERVICE);
  if (found === undefined) return offer(formToken, form);
  const { list, readOnly } = found;
  return html`<section><h2>emoncms</h2>
    <table><thead><tr><th>Part</th><th>Key</th><td></td></tr></thead>
    <tbody>${[...list].map(([name, access]) => row(formToken, { name, access, closed: readOnly && access === 'write' }))}</tbody></table>
    <form method="post" action="/access-list/set" class="row">${formField(formToken)}
      <label>Add a part <input name="name" placeholder="feed/list" required></label>
      <label>Key <select name="access"><option>read</option><option>write</option></select></label>
      <button>Add</button></form>
    <div class="row">
      <form method="post" action="/access-list/read-only">${formField(formToken)}
        <input type="hidden" name="on" value="${readOnly ? 'no' : 'yes'}">
        <button>${readOnly ? 'Open for changes again' : 'Read only: close every change'}</button></form>
      <form method="post" action="/access-list/defaults">${formField(formToken)}<button class="quiet">Bring back the defaults</button></form>
    </div></section>`;
}

function row(formToken: string, entry: { name: string; access: Access; closed: boolean }): Html {
  const { name, access, closed } = entry;
  const other = access === 'read' ? 'write' : 'read';
  return html`<tr${closed ? html` class="closed"` : undefined}><th scope="row"><code>${name}</code></th>
    <td><form method="post" action="/access-list/set">${formField(formToken)}<input type="hidden" name="name" value="${name}">
      <input type="hidden" name="access" value="${other}"><button class="key ${access}" title="Change to ${other}">${access}</button></form>${closed ? ' closed' : ''}</td>
    <td><form method="post" action="/access-list/remove">${formField(formToken)}<input type="hidden" name="name" value="${name}">
      <button class="quiet">Remove</button></form></td></tr>`;
}

function offer(formToken: string, form: URLSearchParams | undefined): Html {
  return html`<section><h2>emoncms</h2>
    <p class="hint">Figures for everybody who may open the page, with the keys of your emoncms added here, at home.</p>
    <details><summary>Set it up</summary>
    <form method="post" action="/access-list/install">${formField(formToken)}
      <label>Where emoncms is <input name="target" value="${form?.get('target') ?? TARGET}" required></label>
      <label>Read key <input type="password" name="read-key" autocomplete="off" required></label>
      <label>Write key, if changes shall be possible <input type="password" name="write-key" autocomplete="off"></label>
      <button>Set up</button></form></details></section>`;
}

export const accessListActions: readonly (readonly [string, Action])[] = [
  [
    '/access-list/install',
    action(async (context, form) => {
      const readKey = keyOf(form.get('read-key') ?? '', 'the read key');
      const writeKey = keyOf(form.get('write-key') ?? '', 'the write key');
      const common = { dataFolder: context.dataFolder, service: SERVICE, accessList: DEFAULT_ACCESS_LIST };
      await installAccessList({ ...common, readKey, writeKey });
      // The rules are in force before there is anything to reach.
      await context.control.reload();
      const target = form.get('target')?.trim() || TARGET;
      await new AgentConfigFile(context.dataFolder).expose(SERVICE, { target, insecureSkipVerify: false });
    }),
  ],
  [
    '/access-list/set',
    change((found, form) => {
      const access = form.get('access') === 'write' ? 'write' : 'read';
      return { ...found, list: new Map([...found.list, [parseAccessName(form.get('name') ?? ''), access]]) };
    }),
  ],
  [
    '/access-list/remove',
    change((found, form) => ({
      ...found,
      list: new Map([...found.list].filter(([name]) => name !== form.get('name'))),
    })),
  ],
  ['/access-list/defaults', change((found) => ({ ...found, list: DEFAULT_ACCESS_LIST }))],
  ['/access-list/read-only', change((found, form) => ({ ...found, readOnly: form.get('on') === 'yes' }))],
];

function change(to: (found: WrittenAccessList, form: URLSearchParams) => WrittenAccessList): Action {
  return action(async ({ dataFolder }, form) => {
    const found = await installedAccessList(dataFolder, SERVICE);
    if (found === undefined) throw new ConfigError('there is no access list: set it up first');
    const { list, readOnly }: { list: AccessList; readOnly: boolean } = to(found, form);
    const keys = { readKey: undefined, writeKey: undefined };
    const done = await installAccessList({
      dataFolder,
      service: SERVICE,
      accessList: list,
      readOnly,
      ...keys,
    });
    if (!readOnly && done.closed > 0) {
      throw new ConfigError('what changes something stays closed: the write key of emoncms is not kept here');
    }
  });
}

function action(run: (context: PageContext, form: URLSearchParams) => Promise<void>): Action {
  return {
    page: '/access',
    async run(context, form) {
      await run(context, form);
      await context.control.reload();
      return undefined;
    },
  };
}
