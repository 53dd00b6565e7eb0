import { AgentConfigFile } from '../../config/index.ts';
import { readPolicyText, savePolicy } from '../../policy/index.ts';
import { html } from '../html.ts';
import { formField, framed } from '../layout.ts';
import { accessListActions, accessListSection } from './access-list.ts';
import type { Action, Page, PageContext } from './page.ts';
import { testerSection, tryRequest } from './tester.ts';

/** Page 2: the access list of emoncms, the general rules, and what they would do with a request. */
export const accessPage: Page = async (context, { note, form }) => {
  const { dataFolder, formToken } = context;
  const policy = form?.get('policy') ?? (await readPolicyText(dataFolder));
  const exposed = [...(await new AgentConfigFile(dataFolder).read()).services.keys()];
  return framed({
    at: '/access',
    formToken,
    note,
    body: html`<h1>Access</h1>
      ${await accessListSection(context, form)}
      <section><h2>Rules</h2>
        <p class="hint">What may be asked of this device, whatever the relay says. Empty: all that the relay lets through.</p>
        <form method="post" action="/policy">${formField(formToken)}
          <label class="wide"><span class="hidden">Policy</span><textarea name="policy" rows="14" spellcheck="false" class="code">${policy}</textarea></label>
          <button>Check &amp; save</button>
        </form></section>
      ${testerSection(formToken, exposed, form)}`,
  });
};

export const accessActions: readonly (readonly [string, Action])[] = [
  ...accessListActions,
  ['/policy', { page: '/access', run: save }],
  ['/try', { page: '/access', run: tryRequest }],
];

async function save({ dataFolder, control }: PageContext, form: URLSearchParams) {
  await savePolicy(dataFolder, (form.get('policy') ?? '').replace(/\r\n/g, '\n'));
  await control.reload();
  return undefined;
}
