import type { BaseStation } from '../../../base-station/index.ts';
import { type Html, html } from '../../html.ts';
import { formField } from '../../layout.ts';
import type { PageContext } from '../page.ts';
import { ago } from './ago.ts';

/** Denials shown; the command line shows all. */
const DENIED_SHOWN = 50;

type Request = ReturnType<BaseStation['requests']['list']>[number];

/** Longest waiting first, so that nothing moves under a finger. */
export function requestsList(context: PageContext, { requests }: BaseStation): Html {
  const list = requests.list();
  if (list.length === 0)
    return html`<p>No device asks now. Switch one on, or let it look for its server.</p>`;
  return html`<ul class="cards">${list.map((request) => html`<li>${card(context, request)}</li>`)}</ul>`;
}

function card({ formToken, clock }: PageContext, request: Request): Html {
  const { id, name, address, mac, code, way, times, askedAt, state } = request;
  const who = html`<p><strong>${name}</strong> <span class="soft">${address}${mac === undefined ? '' : ` · ${mac}`}</span></p>`;
  if (state === 'allowed')
    return html`${who}<p class="soft">Allowed; it fetches its credentials when it asks next.</p>`;
  const asked = `Asked ${times === 1 ? 'once' : `${times} times`}, ${ago(clock, askedAt)}`;
  const proof =
    code === undefined
      ? html`<p class="soft">${way === 'emonesp' ? 'EmonESP: no code, and its password travels unencrypted.' : 'It shows no code.'} ${asked}</p>`
      : html`<p>The same code at the device? <strong class="code big">${code}</strong> <span class="soft">${asked}</span></p>`;
  return html`${who}${proof}
    <div class="row">
      <form method="post" action="/wifi/allow" class="row grow">${formField(formToken)}<input type="hidden" name="id" value="${id}"><input type="hidden" name="code" value="${code}">
        <label>Call it <input name="name" value="${name}" maxlength="64" autocomplete="off"></label><button>Allow</button></form>
      <form method="post" action="/wifi/deny">${formField(formToken)}<input type="hidden" name="id" value="${id}"><button class="quiet">Deny</button></form>
    </div>`;
}

export function deniedTable({ formToken, clock }: PageContext, { requests }: BaseStation): Html | undefined {
  const denied = [...requests.denied()].reverse();
  if (denied.length === 0) return undefined;
  const rows = denied.slice(0, DENIED_SHOWN).map(
    ({
      id,
      name,
      address,
      deniedAt,
    }) => html`<tr><td>${name}<br><span class="soft">${address} · ${ago(clock, deniedAt)}</span></td>
      <td><form method="post" action="/wifi/forget">${formField(formToken)}<input type="hidden" name="id" value="${id}"><button class="quiet">Forget</button></form></td></tr>`,
  );
  const more = denied.length - rows.length;
  return html`<h3>Denied</h3><table><tbody>${rows}</tbody></table>
    ${more > 0 ? html`<p class="soft">And ${more} before them.</p>` : undefined}`;
}
