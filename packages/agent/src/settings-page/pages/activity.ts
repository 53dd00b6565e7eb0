import { type AuditEntry, type ReadAuditOptions, readAudit } from '../../audit/index.ts';
import { PauseSwitch } from '../../local/index.ts';
import { html } from '../html.ts';
import { formField, framed } from '../layout.ts';
import type { Action, Page } from './page.ts';

const SHOWN = 100;

/** Page 3: who asked what, and the switch that lets nobody in. */
export const activityPage: Page = async ({ dataFolder, formToken }, { note, query }) => {
  const wanted = query.get('show');
  const decision: 'allow' | 'deny' | undefined = wanted === 'allow' || wanted === 'deny' ? wanted : undefined;
  const { paused } = await PauseSwitch.open(dataFolder);
  const entries: AuditEntry[] = [];
  const { signal } = new AbortController();
  const asked: ReadAuditOptions = { dataFolder, last: SHOWN, decision, signal };
  for await (const entry of readAudit(asked)) entries.unshift(entry);
  const filters = (
    [
      ['', 'All'],
      ['allow', 'Allowed'],
      ['deny', 'Denied'],
    ] as const
  ).map(
    ([show, name]) =>
      html`<a href="/activity${show === '' ? '' : `?show=${show}`}"${show === (decision ?? '') ? html` aria-current="true"` : undefined}>${name}</a>`,
  );
  return framed({
    at: '/activity',
    formToken,
    note,
    body: html`<h1>Activity</h1>
      <section class="${paused ? 'paused' : ''}">
        <p>${paused ? 'Paused: nobody gets in, whatever the relay says.' : 'People get in as the policy allows.'}</p>
        <form method="post" action="/${paused ? 'resume' : 'pause'}">${formField(formToken)}
          <button>${paused ? 'Let people in again' : 'Pause'}</button></form>
      </section>
      <section><h2>Who asked what</h2><nav class="filter" aria-label="Filter">${filters}</nav>
      ${
        entries.length === 0
          ? html`<p>Nobody has asked for anything yet.</p>`
          : html`<table class="audit"><tbody>${entries.map(row)}</tbody></table>`
      }</section>`,
  });
};

export const activityActions: readonly (readonly [string, Action])[] = (['pause', 'resume'] as const).map(
  (name) => [
    `/${name}`,
    {
      page: '/activity',
      async run({ control }) {
        await control.setPaused(name === 'pause');
        return undefined;
      },
    },
  ],
);

function row(entry: AuditEntry) {
  const { at, event, service, person, decision, method, path, reason, count } = entry;
  const time = html`<td><time datetime="${at}">${at.replace('T', ' ').slice(0, 19)}</time></td>`;
  if (event !== undefined) return html`<tr>${time}<td colspan="3">${event}</td></tr>`;
  const times = count === undefined ? '' : ` × ${count}`;
  return html`<tr>${time}<td>${person ?? 'somebody'}</td><td class="${decision ?? ''}">${decision ?? ''}</td>
    <td><code>${method ?? ''} ${path ?? ''}</code>${times} at ${service ?? ''}${reason === undefined ? '' : `: ${reason}`}</td></tr>`;
}
