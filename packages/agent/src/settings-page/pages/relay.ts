import { type AgentConfig, AgentConfigFile } from '../../config/index.ts';
import { PASSWORD_MIN } from '../credentials.ts';
import type { Asked, LinkChange } from '../device-control.ts';
import { type Html, html } from '../html.ts';
import { formField, framed } from '../layout.ts';
import { joinForm, joinWish, mqttForm, mqttWish } from './link-forms.ts';
import { linkWords } from './link-words.ts';
import type { Action, Ask, Page, PageContext } from './page.ts';

/** Page 1: which relay, by which way, and how the link to it is. */
export const relayPage: Page = async (context, ask) => {
  const { control, dataFolder, formToken } = context;
  const config = await new AgentConfigFile(dataFolder).read();
  const change = control.linkChange();
  const asked = askedIn(ask) ?? askedBy(change);
  const way = wayOf(ask, asked, config);
  return framed({
    at: '/',
    formToken,
    note: ask.note,
    body: html`<h1>${control.status()?.name ?? 'This device'}</h1>
      <section><h2>Link</h2><p id="live" class="${toneOf(context)}" data-live data-change="${change.state}">${linkWords(context)}</p></section>
      <section><h2>How this device links</h2>
        <nav class="ways" aria-label="Ways">${wayLink('ssh', 'By SSH', way)}${wayLink('mqtt', 'By MQTT alone', way)}</nav>
        ${way === 'mqtt' ? mqttPart(formToken, asked, config) : sshPart(formToken, asked, config)}
      </section>
      <section><h2>Password of this page</h2>
        <form method="post" action="/password">${formField(formToken)}
          <label>New password <input type="password" name="password" autocomplete="new-password" minlength="${PASSWORD_MIN}" required></label>
          <button>Change</button>
        </form></section>`,
  });
};

type Way = 'ssh' | 'mqtt';

function wayOf({ query }: Ask, asked: Asked | undefined, { mqtt }: AgentConfig): Way {
  const wanted = query.get('way');
  if (wanted === 'ssh' || wanted === 'mqtt') return wanted;
  if (asked !== undefined) return asked.way === 'mqtt' ? 'mqtt' : 'ssh';
  return mqtt === undefined ? 'ssh' : 'mqtt';
}

function wayLink(to: Way, words: string, way: Way): Html {
  return html`<a href="/?way=${to}"${to === way ? html` aria-current="true"` : undefined}>${words}</a>`;
}

function sshPart(formToken: string, asked: Asked | undefined, { relay, mqtt }: AgentConfig): Html {
  const form = joinForm(formToken, asked);
  if (relay === undefined) return html`<h3>Join a relay</h3>${form}`;
  if (mqtt === undefined) {
    return html`<p class="hint">Joined ${relay.domain}.</p>
      <details${asked === undefined ? undefined : html` open`}><summary>Join another relay</summary>${form}</details>`;
  }
  return html`<p>${relay.domain} knows this device. The relay is asked first; the link by MQTT stays if it does not answer.</p>
    <form method="post" action="/ssh">${formField(formToken)}<button>Go back to SSH</button></form>
    <details${asked?.way === 'join' ? html` open` : undefined}><summary>Join another relay</summary>${form}</details>`;
}

function mqttPart(formToken: string, asked: Asked | undefined, { mqtt }: AgentConfig): Html {
  return html`<p class="hint">Where SSH and WebSockets cannot pass; for web pages, not for terminals or TCP.
      User and password are made on the page of the device at the relay, under MQTT.</p>
    ${mqttForm(formToken, asked, mqtt === undefined ? undefined : { ...mqtt, ca: mqtt.ca !== undefined })}`;
}

/** What was just sent and is shown again, without what is secret. */
function askedIn({ form }: Ask): Asked | undefined {
  const value = (name: string): string => form?.get(name) ?? '';
  if (form === undefined || !form.has('url')) return undefined;
  return form.has('user')
    ? { way: 'mqtt', url: value('url'), user: value('user') }
    : { way: 'join', url: value('url'), name: value('name'), account: value('account') };
}

function askedBy(change: LinkChange): Asked | undefined {
  return 'asked' in change ? change.asked : undefined;
}

export const relayActions: readonly (readonly [string, Action])[] = [
  ['/join', begin(({ control }, form) => control.join(joinWish(form)))],
  ['/mqtt', begin(({ control }, form) => control.linkViaMqtt(mqttWish(form)))],
  ['/ssh', begin(({ control }) => control.linkBySsh())],
  ['/password', { page: '/', run: async () => 'password-changed' }],
];

/** Begins a change of the link; how it goes is told by the page. */
function begin(what: (context: PageContext, form: URLSearchParams) => void): Action {
  return {
    page: '/',
    async run(context, form) {
      what(context, form);
      return undefined;
    },
  };
}

/** What the page asks for again and again. */
export function statusJson(context: PageContext): { words: string; tone: Tone; change: string } {
  const { control } = context;
  return {
    words: linkWords(context),
    tone: toneOf(context),
    change: control.linkChange().state,
  };
}

type Tone = 'good' | 'bad' | '';

function toneOf({ control }: PageContext): Tone {
  if (control.linkChange().state === 'failed') return 'bad';
  const state = control.status()?.link.state;
  return state === 'up' ? 'good' : state === 'denied' ? 'bad' : '';
}
