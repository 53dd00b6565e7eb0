import { type BaseStation, PLOT, plot } from '../../../base-station/index.ts';
import { type Html, html } from '../../html.ts';
import type { PageContext } from '../page.ts';
import { span } from './ago.ts';

/** Rows shown: what a small device draws every two seconds. The command line shows all. */
const SHOWN = 200;

type Input = ReturnType<BaseStation['inputs']['list']>[number];

export function inputsTable({ clock }: PageContext, { inputs }: BaseStation): Html {
  const list = inputs.list();
  if (list.length === 0) return html`<p>Nothing has come in since the agent started.</p>`;
  const more = list.length - SHOWN;
  return html`<table class="inputs"><tbody>${list.slice(0, SHOWN).map((input) => row(input, clock.now()))}</tbody></table>
    ${more > 0 ? html`<p class="soft">And ${more} more.</p>` : undefined}`;
}

function row({ topic, value, at, history, interval, silent }: Input, now: number): Html {
  const age = span(Math.max(0, now - at));
  const usual = interval === undefined ? undefined : ` · every ${span(interval)}`;
  return html`<tr><th scope="row"><code>${topic}</code></th><td class="value">${value}</td>
    <td>${drawing(topic, history)}</td>
    <td class="soft">${silent ? html`<span class="bad">silent for ${age}</span>` : html`${age} ago`}${usual}</td></tr>`;
}

function drawing(topic: string, history: Input['history']): Html | undefined {
  const points = plot(history);
  if (points === undefined) return undefined;
  const values = history.map(({ value }) => value);
  const words = `${topic}: from ${Math.min(...values)} to ${Math.max(...values)}`;
  return html`<svg class="plot" viewBox="0 0 ${PLOT.width} ${PLOT.height}" role="img" aria-label="${words}" preserveAspectRatio="none"><polyline points="${points}"/></svg>`;
}
