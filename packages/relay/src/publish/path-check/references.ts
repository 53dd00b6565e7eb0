import type { PathFinding } from '@porchlight/protocol/api';
import { scanHtml } from './html-scan.ts';

/** An address that a page or one of its files uses. */
export interface Reference {
  readonly kind: Extract<PathFinding['kind'], string>;
  readonly address: string;
  /** As it stands there, shortened: for people. */
  readonly evidence: string;
  /** A browser loads it with the page and looks into it: a script or style sheet. */
  readonly asset?: 'script' | 'style';
}

/** What a page tells of itself. */
export interface PageFacts {
  readonly title: string;
  /** `<base href>`, which relative addresses are relative to. */
  readonly base: string | undefined;
  readonly references: readonly Reference[];
}

/** References of one file that are kept. */
const REFERENCES_MAX = 5_000;
const EVIDENCE_MAX = 160;

/** Attributes with addresses, by tag; `*` for all. */
const ATTRIBUTES = new Map<string, readonly string[]>([
  ['a', ['href']],
  ['area', ['href']],
  ['link', ['href']],
  ['script', ['src']],
  ['img', ['src']],
  ['iframe', ['src']],
  ['frame', ['src']],
  ['source', ['src']],
  ['video', ['src', 'poster']],
  ['audio', ['src']],
  ['track', ['src']],
  ['embed', ['src']],
  ['object', ['data']],
  ['form', ['action']],
  ['button', ['formaction']],
  ['input', ['src', 'formaction']],
]);

export function referencesOfPage(html: string): PageFacts {
  const references: Reference[] = [];
  let title = '';
  let base: string | undefined;
  for (const { name, attributes, text } of scanHtml(html)) {
    if (references.length > REFERENCES_MAX) break;
    if (name === 'title' && title === '') title = shorten(text);
    if (name === 'base') base ??= attributes.get('href');
    const rel = attributes.get('rel')?.toLowerCase() ?? '';
    for (const attribute of ATTRIBUTES.get(name) ?? []) {
      const address = attributes.get(attribute)?.trim();
      if (address === undefined || address === '') continue;
      const style = name === 'link' && rel.includes('stylesheet');
      references.push({
        kind: kindOf(name, attribute, style),
        address,
        evidence: shorten(`<${name} ${attribute}="${address}">`),
        ...(style ? { asset: 'style' as const } : name === 'script' ? { asset: 'script' as const } : {}),
      });
    }
    for (const part of attributes.get('srcset')?.split(',') ?? []) {
      const [address = ''] = part.trim().split(/\s/, 1);
      if (address !== '')
        references.push({ kind: 'link', address, evidence: shorten(`srcset="${address}"`) });
    }
    if (name === 'meta' && attributes.get('http-equiv')?.toLowerCase() === 'refresh') {
      const address = /url\s*=\s*["']?([^"']+)/i.exec(attributes.get('content') ?? '')?.[1]?.trim();
      if (address !== undefined)
        references.push({ kind: 'redirect', address, evidence: shorten(`<meta refresh ${address}>`) });
    }
    const inline = attributes.get('style');
    if (inline !== undefined) references.push(...referencesOfStyle(inline));
    for (const [key, value] of attributes) {
      if (key.startsWith('on')) references.push(...referencesOfScript(value));
    }
    if (name === 'style') references.push(...referencesOfStyle(text));
    if (name === 'script' && isProgram(attributes.get('type'))) references.push(...referencesOfScript(text));
  }
  return { title, base, references: references.slice(0, REFERENCES_MAX) };
}

function kindOf(name: string, attribute: string, style: boolean): Reference['kind'] {
  if (name === 'form' || attribute === 'formaction') return 'form';
  if (name === 'script') return 'script';
  return style ? 'style' : 'link';
}

function isProgram(type: string | undefined): boolean {
  return (
    type === undefined || /^\s*(?:$|module|(?:text|application)\/(?:x-)?(?:java|ecma)script)/i.test(type)
  );
}

/** `url(…)` and `@import` of a style sheet. */
export function referencesOfStyle(css: string): Reference[] {
  const found = css.matchAll(/url\(\s*["']?([^"')\s]{1,500})|@import\s+["']([^"'\s]{1,500})["']/gi);
  return collect(found, ([, url, imported]) => ({
    kind: 'style',
    address: url ?? imported ?? '',
    evidence: shorten(imported === undefined ? `url(${url})` : `@import "${imported}"`),
  }));
}

/** A path that begins with a slash, in quotes; what follows a `${` is not known. */
const PATH = String.raw`["'\x60](\/(?!\/)[^"'\x60\s$\\<>{}]{0,300})`;
/**
 * How programs use addresses. Each is told by the call that takes it: a bare string could be anything. The time must be
 * linear in a text that means harm: no two repetitions of the same stand side by side.
 */
const USES: readonly { kind: Reference['kind']; pattern: RegExp }[] = [
  { kind: 'socket', pattern: new RegExp(String.raw`\b(?:WebSocket|EventSource)\s*\(\s*${PATH}`, 'g') },
  // 'ws://' + location.host + '/ws', and the same in a template.
  { kind: 'socket', pattern: new RegExp(String.raw`\blocation\.host(?:name)?\s*\+\s*${PATH}`, 'g') },
  { kind: 'socket', pattern: /\blocation\.host(?:name)?\}(\/(?!\/)[^"'`\s$\\<>{}]{0,300})/g },
  { kind: 'worker', pattern: new RegExp(String.raw`\bserviceWorker\s*\.\s*register\s*\(\s*${PATH}`, 'g') },
  {
    kind: 'script',
    pattern: new RegExp(
      String.raw`\b(?:fetch|sendBeacon|getJSON|importScripts|Worker|SharedWorker)\s*\(\s*${PATH}`,
      'g',
    ),
  },
  {
    kind: 'script',
    pattern: new RegExp(
      String.raw`(?:\$|\bjQuery|\baxios)(?:\.(?:get|post|put|patch|delete|ajax|request))?\s*\(\s*${PATH}`,
      'g',
    ),
  },
  {
    kind: 'script',
    pattern: new RegExp(String.raw`\.open\s*\(\s*["'\x60][A-Za-z]{1,10}["'\x60]\s*,\s*${PATH}`, 'g'),
  },
  { kind: 'script', pattern: new RegExp(String.raw`\b(?:import|from)\s*(?:\(\s*)?${PATH}`, 'g') },
  { kind: 'script', pattern: new RegExp(String.raw`\burl\s*:\s*${PATH}`, 'g') },
  { kind: 'link', pattern: new RegExp(String.raw`\blocation(?:\.href)?\s*=\s*${PATH}`, 'g') },
  { kind: 'link', pattern: new RegExp(String.raw`\blocation\.(?:assign|replace)\s*\(\s*${PATH}`, 'g') },
];

/** Addresses that a program asks for, as far as they stand in it as they are. */
export function referencesOfScript(code: string): Reference[] {
  return USES.flatMap(({ kind, pattern }) =>
    collect(code.matchAll(pattern), ([whole, address = '']) => ({ kind, address, evidence: shorten(whole) })),
  );
}

function collect(
  found: IterableIterator<RegExpExecArray>,
  toReference: (match: RegExpExecArray) => Reference,
): Reference[] {
  const references: Reference[] = [];
  for (const match of found) {
    if (references.length >= REFERENCES_MAX) break;
    references.push(toReference(match));
  }
  return references;
}

/** One line, not long. */
export function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > EVIDENCE_MAX ? `${line.slice(0, EVIDENCE_MAX - 1)}…` : line;
}
