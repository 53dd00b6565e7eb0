import type { BaseStation } from '../../../base-station/index.ts';
import { type Html, html } from '../../html.ts';
import { formField } from '../../layout.ts';
import type { PageContext } from '../page.ts';
import { ago } from './ago.ts';

export function devicesTable({ formToken, clock }: PageContext, station: BaseStation): Html {
  const devices = station.devices();
  if (devices.length === 0) return html`<p>No device was let in yet.</p>`;
  const connected = new Set(
    station.connections().map(({ who }) => (who?.kind === 'device' ? who.device.id : undefined)),
  );
  const rows = devices.map((device) => {
    const { id, name, address, mac, node, revokedAt } = device;
    const { lastAt, silent, doubles } = station.inputs.ofDevice(id);
    const last = lastAt === undefined ? 'nothing heard yet' : `heard ${ago(clock, lastAt)}`;
    const state =
      revokedAt !== undefined
        ? html`<span class="soft">revoked ${ago(clock, revokedAt)}</span>`
        : silent
          ? html`<span class="bad">silent</span>, ${last}`
          : html`${connected.has(id) ? html`<span class="good">connected</span>, ` : undefined}${last}`;
    const warning =
      doubles.length === 0 || revokedAt !== undefined
        ? undefined
        : html`<p class="note wrong">In use at the same time at ${doubles.join(' and ')}: two devices share its credentials.
            Give it another password if only one of them is yours.</p>`;
    const forms =
      revokedAt === undefined
        ? html`<div class="row">${button('rotate', 'New password')}${button('revoke', 'Revoke')}</div>`
        : undefined;
    function button(what: string, words: string): Html {
      return html`<form method="post" action="/wifi/${what}">${formField(formToken)}<input type="hidden" name="id" value="${id}">
        <button class="quiet" aria-label="${words}: ${name}">${words}</button></form>`;
    }
    return html`<li><p><strong>${name}</strong> <span class="soft">${address}${mac === undefined ? '' : ` · ${mac}`}</span></p>
      <p>${node === undefined ? 'has named no node yet' : html`<code>${station.settings.baseTopic}/${node}/</code>`} · ${state}</p>${warning}${forms}</li>`;
  });
  return html`<ul class="cards">${rows}</ul>`;
}
