import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Html, html } from './html.ts';

it('escapes what it is given, and leaves HTML of its own alone', () => {
  const item = (text: string) => html`<li title="${text}">${text}</li>`;
  expect(html`<ul>${[item('a & b'), item('"><script>')]}${undefined}</ul>`.text).toBe(
    '<ul><li title="a &amp; b">a &amp; b</li><li title="&quot;&gt;&lt;script&gt;">&quot;&gt;&lt;script&gt;</li></ul>',
  );
});

it('lets no text become markup', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const { text: written } = html`<p a="${text}">${text}</p>`;
      expect(written.replace(/^<p a="|">|<\/p>$/g, '')).not.toMatch(/[<>"']/);
      expect(html`${new Html(text)}`.text).toBe(text);
    }),
    { interruptAfterTimeLimit: 1_000 },
  );
});
