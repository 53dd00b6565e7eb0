/** Largest number of tags that are looked at. */
const TAGS_MAX = 20_000;
/** Longest value of an attribute that is kept, in characters. */
const VALUE_MAX = 2_000;

export interface Tag {
  /** Lower case. */
  readonly name: string;
  /** By lower-case name; the first of a name counts (WHATWG HTML §13.2.5.33). */
  readonly attributes: ReadonlyMap<string, string>;
  /** What stands between `<script>`, `<style>`, `<title>` or `<textarea>` and its end; empty for all others. */
  readonly text: string;
}

const RAW_TEXT = new Set(['script', 'style', 'title', 'textarea']);
const NAME_END = /[\s/>]/g;
const ATTRIBUTE_NAME_END = /[\s/>=]/g;
const BARE_VALUE_END = /[\s>]/g;
const NOT_SPACE = /[^\s/]/g;
const NOT_BLANK = /\S/g;

/**
 * The start tags of a page, in order. No parser: comments are passed over, nesting is not looked at. Any text is a
 * page; the time is linear in its length.
 */
export function scanHtml(html: string): Tag[] {
  const tags: Tag[] = [];
  let at = 0;
  while (tags.length < TAGS_MAX) {
    const open = html.indexOf('<', at);
    if (open < 0) break;
    if (html.startsWith('<!--', open)) {
      const end = html.indexOf('-->', open + 4);
      if (end < 0) break;
      at = end + 3;
      continue;
    }
    if (!/[A-Za-z]/.test(html[open + 1] ?? '')) {
      at = open + 1;
      continue;
    }
    const nameEnd = find(NAME_END, html, open + 1);
    const name = html.slice(open + 1, nameEnd).toLowerCase();
    const head = scanAttributes(html, nameEnd);
    at = head.end;
    let text = '';
    if (RAW_TEXT.has(name)) {
      const close = find(new RegExp(`</${name}`, 'gi'), html, at);
      text = html.slice(at, close);
      at = close;
    }
    tags.push({ name, attributes: head.attributes, text });
  }
  return tags;
}

function scanAttributes(html: string, from: number): { attributes: Map<string, string>; end: number } {
  const attributes = new Map<string, string>();
  let at = from;
  for (;;) {
    at = find(NOT_SPACE, html, at);
    if (at >= html.length) return { attributes, end: html.length };
    if (html[at] === '>') return { attributes, end: at + 1 };
    // A name may begin with `=` (§13.2.5.32): it is always one character at least.
    const nameEnd = find(ATTRIBUTE_NAME_END, html, at + 1);
    const name = html.slice(at, nameEnd).toLowerCase();
    at = find(NOT_BLANK, html, nameEnd);
    let value = '';
    if (html[at] === '=') {
      at = find(NOT_BLANK, html, at + 1);
      const quote = html[at];
      if (quote === '"' || quote === "'") {
        const close = html.indexOf(quote, at + 1);
        const end = close < 0 ? html.length : close;
        value = html.slice(at + 1, end);
        at = end + 1;
      } else {
        const end = find(BARE_VALUE_END, html, at);
        value = html.slice(at, end);
        at = end;
      }
    }
    if (!attributes.has(name)) attributes.set(name, decodeEntities(value.slice(0, VALUE_MAX)));
  }
}

/** Where the pattern (with the flag `g`) is found first, from a place on; the end of the text when it is not. */
function find(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? text.length;
}

const NAMED = new Map([
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
  ['lt', '<'],
  ['gt', '>'],
  ['sol', '/'],
]);

/** The few character references that stand in addresses. */
function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (whole, decimal, hex, name) => {
    if (typeof name === 'string') return NAMED.get(name.toLowerCase()) ?? whole;
    const code = Number.parseInt(decimal ?? hex, decimal === undefined ? 16 : 10);
    return code > 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
  });
}
