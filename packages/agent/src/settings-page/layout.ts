import { type Html, html } from './html.ts';

export interface Note {
  readonly kind: 'done' | 'wrong';
  readonly text: string;
}

const PAGES = [
  ['/', 'Relay'],
  ['/services', 'Services'],
  ['/access', 'Access'],
  ['/activity', 'Activity'],
  ['/wifi', 'WiFi'],
] as const;

/** A page for who is signed in. */
export function framed(parts: {
  readonly at: (typeof PAGES)[number][0];
  readonly formToken: string;
  readonly note: Note | undefined;
  readonly body: Html;
}): Html {
  const { at, formToken, note, body } = parts;
  const links = PAGES.map(
    ([path, name]) =>
      html`<a href="${path}"${path === at ? html` aria-current="page"` : undefined}>${name}</a>`,
  );
  return document({
    title: PAGES.find(([path]) => path === at)?.[1] ?? '',
    body: html`<header><nav aria-label="Pages">${links}</nav>
      <form method="post" action="/sign-out">${formField(formToken)}<button class="quiet">Sign out</button></form></header>
      <main>${note === undefined ? undefined : html`<p class="note ${note.kind}" role="status">${note.text}</p>`}${body}</main>`,
  });
}

/** What each form carries, so that another page cannot send it. */
export function formField(formToken: string): Html {
  return html`<input type="hidden" name="form-token" value="${formToken}">`;
}

export function document({ title, body }: { title: string; body: Html }): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Porchlight</title><link rel="stylesheet" href="/style.css"><script src="/page.js" defer></script></head>
<body>${body}</body></html>
`;
}
