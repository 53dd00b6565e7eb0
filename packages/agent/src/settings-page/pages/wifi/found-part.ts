import type { BaseStation } from '../../../base-station/index.ts';
import { type Html, html } from '../../html.ts';
import { formField } from '../../layout.ts';
import type { PageContext } from '../page.ts';
import { ago, span } from './ago.ts';

/** How long the switch lets devices be told, in minutes; the command line knows other times. */
export const PAIR_MINUTES = 10;

/** How devices find the base station, and who else says to be it. */
export function foundPart({ formToken, clock }: PageContext, station: BaseStation): Html {
  const { hostName, problems, notices } = station.discovery();
  const { until } = station.pairing.state;
  const words =
    until === undefined
      ? 'While this page is open, devices that look for a server are told where it is.'
      : `Devices are told where it is for another ${span(Math.max(0, until - clock.now()))}, also when this page is closed.`;
  const [minutes, name] =
    until === undefined ? [PAIR_MINUTES, `Tell them for ${PAIR_MINUTES} minutes`] : [0, 'Stop'];
  return html`${notices.map(
    ({ message, lastAt, times }) =>
      html`<p class="note wrong" role="alert">${message} (${times === 1 ? 'once' : `${times} times`}, ${ago(clock, lastAt)})</p>`,
  )}
    <p class="soft">${words}${hostName === undefined ? undefined : html` It is <code>${hostName}</code> on this network.`}</p>
    ${problems.map((problem) => html`<p class="soft">${problem}</p>`)}
    <form method="post" action="/wifi/pair">${formField(formToken)}<input type="hidden" name="minutes" value="${minutes}"><button class="quiet">${name}</button></form>`;
}
