import type { BaseStation } from '../../../base-station/index.ts';
import { AgentConfigFile } from '../../../config/index.ts';
import { type Html, html } from '../../html.ts';
import { formField, framed } from '../../layout.ts';
import type { Page, PageContext } from '../page.ts';
import { devicesTable } from './devices-table.ts';
import { foundPart } from './found-part.ts';
import { inputsTable } from './inputs-table.ts';
import { deniedTable, requestsList } from './requests-list.ts';

/** Page 5: the WiFi devices of the LAN, who asks to be one of them, and what they say. */
export const wifiPage: Page = async (context, { note }) => {
  const { control, dataFolder, formToken } = context;
  const baseStation = control.baseStation();
  const { baseStation: wanted } = await new AgentConfigFile(dataFolder).read();
  const station = baseStation?.station;
  const body =
    station !== undefined
      ? stationBody(context, station)
      : wanted === undefined
        ? offBody(formToken)
        : problemBody(formToken, baseStation?.problem);
  return framed({ at: '/wifi', formToken, note, body: html`<h1>WiFi devices</h1>${body}` });
};

/** Parts of the page that it asks for again and again, by path. */
export const wifiFragments: readonly (readonly [string, (context: PageContext) => Html])[] = [
  ['/wifi/requests', fragment(requestsPart)],
  ['/wifi/found', fragment(foundPart)],
  ['/wifi/devices', fragment(devicesTable)],
  ['/wifi/inputs', fragment(inputsTable)],
];

type Part = (context: PageContext, station: BaseStation) => Html;

function fragment(part: Part): (context: PageContext) => Html {
  return (context) => {
    const station = context.control.baseStation()?.station;
    return station === undefined ? html`<p>The base station is not open.</p>` : part(context, station);
  };
}

function stationBody(context: PageContext, station: BaseStation): Html {
  const live = (path: string, part: Html): Html => html`<div data-fragment="${path}">${part}</div>`;
  return html`<section><h2>Asking to be let in</h2>${live('/wifi/requests', requestsPart(context, station))}${live('/wifi/found', foundPart(context, station))}</section>
    <section><h2>Let in</h2>${live('/wifi/devices', devicesTable(context, station))}</section>
    <section><h2>Inputs</h2>${live('/wifi/inputs', inputsTable(context, station))}</section>
    ${waysSection(context.formToken, station)}`;
}

function requestsPart(context: PageContext, station: BaseStation): Html {
  station.look();
  return html`${requestsList(context, station)}${deniedTable(context, station)}`;
}

function waysSection(formToken: string, { settings, ports }: BaseStation): Html {
  const { emonesp, baseTopic } = settings;
  const port = (value: number | undefined) =>
    value === undefined ? 'closed' : html`port <code>${value}</code>`;
  return html`<section><h2>How devices come in</h2>
    <p>They ask at ${port(ports.http)}; the broker has MQTT at ${port(ports.mqtt)} and with TLS at ${port(ports.mqtts)}.
      Each publishes below <code>${baseTopic}/</code> and a name of its own, and sees nothing of the others.</p>
    <p class="note ${emonesp ? 'wrong' : ''}">The firmware EmonESP fetches its password unencrypted, and uses it unencrypted:
      whoever listens on this network at that moment has it, too. It is the password of that device alone. Better:
      firmware that shows a code, or a WiFi network of its own for sensors.</p>
    <form method="post" action="/wifi/emonesp">${formField(formToken)}<input type="hidden" name="emonesp" value="${emonesp ? 'off' : 'on'}">
      <button class="quiet">${emonesp ? 'Let no EmonESP in any more' : 'Let EmonESP in, too'}</button></form>
    <p class="hint gap">Programs on this network get a user name with <code>porchlight agent base-station user add</code>.</p>
    <form method="post" action="/wifi/off">${formField(formToken)}<button class="quiet">Switch the base station off</button></form>
  </section>`;
}

function offBody(formToken: string): Html {
  return html`<section><p>As a base station this device lets WiFi sensors in, one by one, by your Allow or Deny, and has a broker for them.
      It is off.</p>
    <form method="post" action="/wifi/on">${formField(formToken)}<button>Switch it on</button></form></section>`;
}

function problemBody(formToken: string, problem: string | undefined): Html {
  const words =
    problem === undefined ? 'The base station opens in a few seconds: load this page again.' : `${problem}.`;
  return html`<section><p class="note ${problem === undefined ? '' : 'wrong'}">${words}</p>
    <form method="post" action="/wifi/off">${formField(formToken)}<button class="quiet">Switch it off</button></form></section>`;
}
