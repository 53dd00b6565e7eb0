import type { Html } from '../html.ts';
import type { Note } from '../layout.ts';
import type { SettingsPageParts } from '../server.ts';

/** What a page and its actions work with, for one request of somebody who is signed in. */
export interface PageContext extends SettingsPageParts {
  readonly formToken: string;
}

/** What a page is asked to show, beside what is so. */
export interface Ask {
  readonly query: URLSearchParams;
  /** What the change before came to. */
  readonly note: Note | undefined;
  /** The form that was sent, to be filled in again. */
  readonly form: URLSearchParams | undefined;
}

export type Page = (context: PageContext, ask: Ask) => Promise<Html>;

/** A change that a form asks for; a thrown ConfigError is shown on its page. */
export interface Action {
  /** The page that shows the outcome. */
  readonly page: string;
  /** Undefined: done, and the page shows it; a note is shown along with the form. */
  run(context: PageContext, form: URLSearchParams): Promise<Note | 'password-changed' | undefined>;
}
