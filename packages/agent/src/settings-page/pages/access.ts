import { join } from 'node:path';
import { checkPolicy, POLICY_BYTES_MAX } from '@porchlight/protocol/policy';
import {
  AgentConfigFile,
  ConfigError,
  readTextFile,
  replaceFile,
  systemErrorCode,
} from '../../config/index.ts';
import { html } from '../html.ts';
import { formField, framed } from '../layout.ts';
import { accessListActions, accessListSection } from './access-list.ts';
import type { Action, Page, PageContext } from './page.ts';
import { testerSection, tryRequest } from './tester.ts';

/** Page 2: the access list of emoncms, the general rules, and what they would do with a request. */
export const accessPage: Page = async (context, { note, form }) => {
  const { dataFolder, formToken } = context;
  const policy = form?.get('policy') ?? (await policyText(dataFolder));
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
  ['/policy', { page: '/access', run: savePolicy }],
  ['/try', { page: '/access', run: tryRequest }],
];

async function savePolicy({ dataFolder, control }: PageContext, form: URLSearchParams) {
  const text = (form.get('policy') ?? '').replace(/\r\n/g, '\n');
  const [problem] = checkPolicy(text);
  if (problem !== undefined) {
    throw new ConfigError(`not saved: line ${problem.line}: ${problem.message}. ${problem.hint}`);
  }
  await replaceFile(join(dataFolder, 'policy'), text, 0o600);
  await control.reload();
  return undefined;
}

/** The policy as it is on the disk; empty when there is none. @throws ConfigError */
async function policyText(dataFolder: string): Promise<string> {
  try {
    return (await readTextFile(join(dataFolder, 'policy'), POLICY_BYTES_MAX)).text;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  }
}
