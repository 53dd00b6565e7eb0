import type http from 'node:http';
import { PorchlightError, parseRequestPath } from '@porchlight/protocol';
import type { PathCheck, PathPreset } from '@porchlight/protocol/api';
import type { DeviceRecord, ServiceRecord } from '../../devices/index.ts';
import { newId } from '../../secrets.ts';
import { isBelow, withoutPrefix } from '../path-routes/index.ts';
import { type Fetched, fetchPage } from './fetch-page.ts';
import { Findings, judgeCookie, judgeRedirect, judgeReference, leadsTo, type Wish } from './judge.ts';
import { type Look, presetFor } from './presets.ts';
import {
  type PageFacts,
  type Reference,
  referencesOfPage,
  referencesOfScript,
  referencesOfStyle,
} from './references.ts';

/** Bytes of the page, and of each of its files, that are looked at. */
const PAGE_MAX = 512 * 1024;
const ASSET_MAX = 256 * 1024;
/** Scripts and style sheets that are looked at. */
const ASSETS_MAX = 10;
const REDIRECTS_MAX = 5;
/** For one answer. */
const ANSWER_MS = 8_000;

/** What is checked, and for whom. */
export interface CheckAsk extends Wish {
  readonly device: DeviceRecord;
  readonly service: ServiceRecord;
  /** Account name of the device's owner, who is the visitor. */
  readonly person: string;
  readonly address: string;
}

/** One check: fetches as a visitor does, and collects what is wrong. */
export class Looker {
  readonly #ask: CheckAsk;
  readonly #agent: http.Agent;
  readonly #signal: AbortSignal;
  readonly #findings = new Findings();
  readonly #fetched: string[] = [];

  constructor(ask: CheckAsk, agent: http.Agent, signal: AbortSignal) {
    this.#ask = ask;
    this.#agent = agent;
    this.#signal = signal;
  }

  async run(): Promise<Omit<PathCheck, 'took'>> {
    const { prefix, strip } = this.#ask;
    const first = await this.#get(`${prefix}/`, PAGE_MAX);
    const { path, answer } = await this.#follow(`${prefix}/`, first);
    const page = isHtml(answer) ? referencesOfPage(answer.text) : undefined;
    this.#judgeAnswer(path, first, answer);
    if (page !== undefined) await this.#judgePage(path, page);
    const preset = await this.#recognise(lookOf(first, answer, page), answer);
    const findings = this.#findings.list();
    return {
      prefix,
      strip,
      ok: findings.every(({ severity }) => severity !== 'breaks'),
      status: first.status,
      fetched: this.#fetched,
      findings,
      preset,
    };
  }

  /** An answer at a path as visitors name it. */
  async #get(path: string, max: number): Promise<Fetched> {
    const { prefix, strip, host, proto, person, address } = this.#ask;
    this.#fetched.push(path);
    return fetchPage(this.#agent, {
      target: this.#targetOf(path),
      facts: {
        ...{ address, proto, host, person, requestId: `check-${newId()}` },
        ...(strip ? { prefix } : {}),
      },
      max,
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(ANSWER_MS)]),
    });
  }

  /** The request target that the device gets for a path below the prefix. */
  #targetOf(path: string): string {
    const { prefix, strip } = this.#ask;
    const read = parseRequestPath(path);
    if (!read.ok) throw new PorchlightError('ambiguous_path', `It is refused under a path: ${read.reason}`);
    return strip && isBelow(read.path, prefix) ? withoutPrefix(read, prefix.split('/').length - 1) : path;
  }

  /** Goes where redirects lead, as long as that is below the prefix. */
  async #follow(from: string, first: Fetched): Promise<{ path: string; answer: Fetched }> {
    let [path, answer] = [from, first];
    for (let count = 0; count < REDIRECTS_MAX; count += 1) {
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status > 399 || location === undefined) return { path, answer };
      const place = { ...this.#ask, target: this.#targetOf(path) };
      const finding = judgeRedirect(location, place, this.#ask);
      this.#findings.add(finding, path);
      const base = this.#urlOf(place.strip ? place.target : path);
      if (finding !== undefined || !URL.canParse(location, base)) return { path, answer };
      const url = new URL(location, base);
      const { pathname } = url;
      if (url.host !== new URL(base).host) return { path, answer };
      const { strip, prefix } = this.#ask;
      const below = `${strip && !isBelow(pathname, prefix) ? prefix : ''}${pathname}`;
      // The relay sends visitors of the bare prefix to its page.
      path = `${below}${below === prefix ? '/' : ''}${url.search}`;
      answer = await this.#get(path, PAGE_MAX);
    }
    this.#findings.add(
      {
        severity: 'breaks',
        kind: 'redirect',
        evidence: `more than ${REDIRECTS_MAX} redirects`,
        advice:
          'The program sends the visitor in a circle: set its base URL, or publish it in the other mode.',
      },
      from,
    );
    return { path, answer };
  }

  #judgeAnswer(path: string, first: Fetched, answer: Fetched): void {
    const { prefix, strip } = this.#ask;
    for (const one of first === answer ? [first] : [first, answer]) {
      for (const cookie of one.headers['set-cookie'] ?? [])
        this.#findings.add(judgeCookie(cookie, this.#ask), path);
    }
    const evidence = `HTTP ${answer.status}`;
    if (answer.status === 401 || answer.status === 403) {
      const advice =
        'The program itself asks who the visitor is: only this answer was looked at, not what is behind it.';
      this.#findings.add({ severity: 'note', kind: 'not-checked', evidence, advice }, path);
    } else if (answer.status >= 400) {
      const advice = strip
        ? 'The program has no page there. See whether its first page is at another path.'
        : `The program does not know the path ${prefix}/. Set its base URL to ${prefix}/, or publish it with the prefix removed.`;
      this.#findings.add({ severity: 'breaks', kind: 'not-there', evidence, advice }, path);
    } else if (answer.status < 300 && !isHtml(answer)) {
      const advice = 'This is no page, so there was nothing in it to look at.';
      const type = `Content-Type: ${answer.headers['content-type'] ?? 'none'}`;
      this.#findings.add({ severity: 'note', kind: 'not-checked', evidence: type, advice }, path);
    }
  }

  async #judgePage(path: string, page: PageFacts): Promise<void> {
    let base = this.#urlOf(path);
    if (page.base !== undefined) {
      const evidence = `<base href="${page.base}">`;
      const reference: Reference = { kind: 'base', address: page.base, evidence };
      this.#findings.add(judgeReference(reference, base, this.#ask, true), path);
      if (URL.canParse(page.base, base)) base = new URL(page.base, base).href;
    }
    this.#judge(page.references, base, path, true);
    const assets = page.references.filter(
      ({ asset, address }) => asset !== undefined && leadsTo(address, base, this.#ask) === 'below',
    );
    const seen = new Set<string>();
    for (const { address, asset } of assets) {
      const url = new URL(address, base);
      const file = `${url.pathname}${url.search}`;
      if (seen.has(file) || seen.size >= ASSETS_MAX || this.#signal.aborted) continue;
      seen.add(file);
      await this.#judgeAsset(file, asset === 'style');
    }
  }

  async #judgeAsset(file: string, style: boolean): Promise<void> {
    let answer: Fetched;
    try {
      answer = await this.#get(file, ASSET_MAX);
    } catch (error) {
      if (!(error instanceof PorchlightError)) throw error;
      const advice = 'This file of the page could not be fetched, so it was not looked at.';
      this.#findings.add({ severity: 'note', kind: 'not-checked', evidence: error.message, advice }, file);
      return;
    }
    if (answer.status >= 400) {
      const advice = 'The page names this file, and the program does not have it there.';
      this.#findings.add(
        { severity: 'may-break', kind: 'not-there', evidence: `HTTP ${answer.status}`, advice },
        file,
      );
      return;
    }
    const references = style ? referencesOfStyle(answer.text) : referencesOfScript(answer.text);
    // Addresses in a style sheet are relative to it, those in a script to the page; only absolute ones are looked for.
    this.#judge(references, this.#urlOf(file), file, style);
  }

  #judge(references: readonly Reference[], base: string, where: string, sure: boolean): void {
    for (const reference of references)
      this.#findings.add(judgeReference(reference, base, this.#ask, sure), where);
  }

  /** What program it is; one that does not know the prefix yet is looked at where it is. */
  async #recognise(look: Look, answer: Fetched): Promise<PathPreset | undefined> {
    const { prefix, strip } = this.#ask;
    const known = presetFor(look, prefix);
    if (known !== undefined || strip || answer.status < 300) return known;
    try {
      const root = await this.#get('/', PAGE_MAX);
      let page = root;
      for (let count = 0; count < REDIRECTS_MAX && page.headers.location !== undefined; count += 1) {
        const url = new URL(page.headers.location, this.#urlOf('/'));
        if (url.host !== this.#ask.host) break;
        page = await this.#get(`${url.pathname}${url.search}`, PAGE_MAX);
      }
      return presetFor(lookOf(root, page, isHtml(page) ? referencesOfPage(page.text) : undefined), prefix);
    } catch (error) {
      // It does not want to be looked at there: then it is not recognised.
      if (error instanceof PorchlightError || error instanceof TypeError) return undefined;
      throw error;
    }
  }

  #urlOf(path: string): string {
    return `${this.#ask.proto}://${this.#ask.host}${path}`;
  }
}

function isHtml(answer: Fetched): boolean {
  return /^\s*(?:text\/html|application\/xhtml)/i.test(answer.headers['content-type'] ?? '');
}

function lookOf(first: Fetched, answer: Fetched, page: PageFacts | undefined): Look {
  return {
    title: page?.title ?? '',
    html: answer.text,
    location: first.headers.location ?? '',
  };
}
