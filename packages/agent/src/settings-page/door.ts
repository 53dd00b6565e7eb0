import { ConfigError } from '../config/index.ts';
import { type Credentials, PASSWORD_MIN } from './credentials.ts';
import { type Html, html } from './html.ts';
import { document } from './layout.ts';
import type { Sessions } from './sessions.ts';

/** What stands before the page: claiming it the first time, then the password. */
export function doorPage({ claimed, refused }: { claimed: boolean; refused?: string }): Html {
  const trouble = refused === undefined ? undefined : html`<p class="note wrong" role="alert">${refused}</p>`;
  const form = claimed
    ? html`<h1>This device</h1>
        <form method="post" action="/sign-in">
          <label>Password <input type="password" name="password" autocomplete="current-password" autofocus required></label>
          <button>Sign in</button>
        </form>
        <p class="hint">Forgotten? Remove <code>settings-page.json</code> from the agent's folder and restart it: the page is then claimed anew.</p>`
    : html`<h1>Claim this page</h1>
        <p>The code stands in the agent's log, and <code>porchlight agent settings</code> shows it on the device.</p>
        <form method="post" action="/claim">
          <label>Code <input name="code" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" autofocus required></label>
          <label>New password <input type="password" name="password" autocomplete="new-password" minlength="${PASSWORD_MIN}" required></label>
          <button>Claim</button>
        </form>`;
  return document({ title: 'This device', body: html`<main class="door">${trouble}${form}</main>` });
}

/** Lets somebody in who has the code or the password, and begins a session; or says why not. */
export async function enter(
  path: string,
  form: URLSearchParams,
  { credentials, sessions }: { credentials: Credentials; sessions: Sessions },
): Promise<{ secret: string } | { refused: string }> {
  if (path !== '/sign-in' && path !== '/claim') return { refused: 'Sign in first.' };
  if (!sessions.take()) return { refused: 'Too many tries; wait a minute.' };
  const password = form.get('password') ?? '';
  if (path === '/sign-in') {
    if (!(await credentials.isPassword(password))) return { refused: 'That is not the password.' };
  } else {
    if (!credentials.isClaimCode(form.get('code') ?? ''))
      return { refused: 'That is not the code, or the page is claimed.' };
    try {
      await credentials.setPassword(password);
    } catch (error) {
      if (error instanceof ConfigError) return { refused: `${error.message}.` };
      throw error;
    }
  }
  sessions.giveBack();
  return { secret: sessions.begin() };
}
