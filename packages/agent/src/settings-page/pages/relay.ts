import { ConfigError } from '../../config/index.ts';
import { PASSWORD_MIN } from '../credentials.ts';
import type { Joining } from '../device-control.ts';
import { type Html, html } from '../html.ts';
import { formField, framed } from '../layout.ts';
import type { Action, Page, PageContext } from './page.ts';

const PEM = /^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/;
const CA_MAX = 16 * 1024;

/** Page 1: which relay, and how the link to it is. */
export const relayPage: Page = async (context, { note, form }) => {
  const { control, formToken } = context;
  const status = control.status();
  const value = (name: string): string => form?.get(name) ?? '';
  return framed({
    at: '/',
    formToken,
    note,
    body: html`<h1>${status?.name ?? 'This device'}</h1>
      <section><h2>Link</h2><p id="live" data-live>${liveWords(context)}</p></section>
      <section><h2>${status === undefined ? 'Join a relay' : 'Join another relay'}</h2>
        <form method="post" action="/join">${formField(formToken)}
          <label>Address of the relay <input name="url" placeholder="https://relay.example.net" value="${value('url')}" required></label>
          <label>Name of this device <input name="name" placeholder="its host name" value="${value('name')}"></label>
          <fieldset><legend>How it is let in</legend>
            <p class="hint">Your account there, or an enrolment token. With neither, somebody presses Allow in the dashboard.</p>
            <label>Account <input name="account" autocomplete="username" value="${value('account')}"></label>
            <label>Its password <input type="password" name="password" autocomplete="current-password"></label>
            <label>or enrolment token <input name="token" autocomplete="off" spellcheck="false"></label>
          </fieldset>
          <details><summary>The relay made its own certificate authority</summary>
            <label>Its certificate, from “Add a device” <textarea name="ca" rows="4" spellcheck="false">${value('ca')}</textarea></label>
          </details>
          <button>Verify &amp; save</button>
        </form></section>
      <section><h2>Password of this page</h2>
        <form method="post" action="/password">${formField(formToken)}
          <label>New password <input type="password" name="password" autocomplete="new-password" minlength="${PASSWORD_MIN}" required></label>
          <button>Change</button>
        </form></section>`,
  });
};

export const relayActions: readonly (readonly [string, Action])[] = [
  [
    '/join',
    {
      page: '/',
      async run({ control }, form) {
        const text = (name: string): string | undefined => form.get(name)?.trim() || undefined;
        const url = text('url');
        if (url === undefined) throw new ConfigError('the address of the relay is missing');
        const account = text('account');
        const password = form.get('password') || undefined;
        if ((account === undefined) !== (password === undefined)) {
          throw new ConfigError('an account needs its name and its password, both');
        }
        const ca = text('ca');
        if (ca !== undefined && (ca.length > CA_MAX || !PEM.test(ca))) {
          throw new ConfigError(
            'the certificate is no PEM text: paste all of it, with its first and last line',
          );
        }
        control.join({
          url,
          name: text('name'),
          token: text('token'),
          account: account === undefined || password === undefined ? undefined : { name: account, password },
          ca,
        });
        return undefined;
      },
    },
  ],
  ['/password', { page: '/', run: async () => 'password-changed' }],
];

/** What the page asks for again and again. */
export function statusJson(context: PageContext): { words: string; good: boolean } {
  return { words: liveText(context), good: context.control.status()?.link.state === 'up' };
}

function liveWords(context: PageContext): Html {
  return html`${liveText(context)}`;
}

function liveText({ control, clock }: PageContext): string {
  const joining = joiningText(control.joining());
  if (joining !== undefined) return joining;
  const status = control.status();
  if (status === undefined) return 'This device has joined no relay yet.';
  const { link, relay, name, paused } = status;
  const pause = paused ? ' It is paused: nobody gets in.' : '';
  const since = `for ${span(clock.now() - link.since)}`;
  switch (link.state) {
    case 'up': {
      const trip = link.rtt === undefined ? '' : `, round trip ${Math.round(link.rtt)} ms`;
      return `Linked to ${relay} as ${name} ${since}${trip}.${pause}`;
    }
    case 'connecting':
      return `Connecting to ${relay} …`;
    case 'pending':
      return `${relay} waits for somebody to press Allow. Code ${link.code}, at ${link.url}`;
    case 'waiting':
      return `No link to ${relay} ${since}: ${link.reason}. Next try in ${span(link.retryAt - clock.now())}.`;
    case 'denied':
      return `${relay} refused: ${link.reason}. ${link.hint}`;
    case 'stopped':
      return 'The agent is stopping.';
  }
}

/** Undefined: joining has nothing more to tell than the link itself. */
function joiningText(joining: Joining): string | undefined {
  switch (joining.state) {
    case 'verifying':
      return 'Asking the relay …';
    case 'pending':
      return `Somebody has to press Allow. Code ${joining.code}, at ${joining.url}`;
    case 'failed':
      return `Not joined: ${joining.reason}.`;
    case 'idle':
    case 'joined':
      return undefined;
  }
}

function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
