import { ConfigError } from '../config/index.ts';
import { type Credentials, PASSWORD_MIN } from './credentials.ts';
import { type Html, html } from './html.ts';
import { document } from './layout.ts';
import type { Sessions } from './sessions.ts';
import type { Tries } from './tries.ts';

/** What stands before the page: claiming it the first time, then the password. */
export function doorPage({ claimed, refused }: { claimed: boolean; refused?: string }): Html {
  const trouble = refused === undefined ? undefined : html`<p class="note wrong" role="alert">${refused}</p>`;
  const form = claimed
    ? html`<h1>This device</h1>
        <form method="post" action="/sign-in">
          <label>Password <input type="password" name="password" autocomplete="current-password" autofocus required></label>
          <button>Sign in</button>
        </form>
        <p class="hint">Forgotten? On the device, <code>porchlight agent settings reset-password</code> shows a code to claim the page anew.</p>`
    : html`<h1>Claim this page</h1>
        <p>The code stands in the agent's log, and <code>porchlight agent settings</code> shows it on the device.</p>
        <form method="post" action="/claim">
          <label>Code <input name="code" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" autofocus required></label>
          <label>New password <input type="password" name="password" autocomplete="new-password" minlength="${PASSWORD_MIN}" required></label>
          <button>Claim</button>
        </form>`;
  return document({ title: 'This device', body: html`<main class="door">${trouble}${form}</main>` });
}

export interface Entering {
  /** Which form was sent. */
  readonly path: string;
  readonly form: URLSearchParams;
  /** Who sent it. */
  readonly address: string;
}

export type Entered =
  | { readonly secret: string }
  /** `waitMs`: there have been too many tries. */
  | { readonly refused: string; readonly waitMs?: number };

/** Lets somebody in who has the code or the password, and begins a session; or says why not. */
export async function enter(
  { path, form, address }: Entering,
  { credentials, sessions, tries }: { credentials: Credentials; sessions: Sessions; tries: Tries },
): Promise<Entered> {
  if (path !== '/sign-in' && path !== '/claim') return { refused: 'Sign in first.' };
  const waitMs = tries.take(address);
  if (waitMs > 0) return { refused: `Too many tries; wait ${Math.ceil(waitMs / 1000)} s.`, waitMs };
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
  tries.giveBack(address);
  return { secret: sessions.begin() };
}
