import type { PathFinding } from '@porchlight/protocol/api';
import { addressBelow, isBelow, type PathPlace } from '../path-routes/index.ts';
import { type Reference, shorten } from './references.ts';

/** Where a service is looked at, or shall be. */
export interface Wish {
  readonly prefix: string;
  readonly strip: boolean;
  /** Host for paths, with the port if it has one. */
  readonly host: string;
  readonly proto: 'http' | 'https';
}

type Finding = Omit<PathFinding, 'count' | 'where'>;

/** Addresses of machines that a visitor does not reach. */
const LOCAL =
  /^(?:localhost|.*\.local|.*\.lan|127\.[\d.]+|10\.[\d.]+|192\.168\.[\d.]+|172\.(?:1[6-9]|2\d|3[01])\.[\d.]+|\[::1\]|\[f[cde][0-9a-f:]+\])$/;

/** Where an address leads a visitor who is at `base`. */
export function leadsTo(
  address: string,
  base: string,
  wish: Wish,
): 'below' | 'outside' | 'local' | 'elsewhere' {
  if (!URL.canParse(address, base)) return 'elsewhere';
  const url = new URL(address, base);
  if (!/^(?:https?|wss?):$/.test(url.protocol)) return 'elsewhere';
  if (url.host === new URL(`${wish.proto}://${wish.host}`).host) {
    return isBelow(url.pathname, wish.prefix) ? 'below' : 'outside';
  }
  // A relay on this machine has a local name itself.
  return LOCAL.test(url.hostname) && !wish.host.startsWith(url.hostname) ? 'local' : 'elsewhere';
}

/** What is wrong with an address of a page or file; undefined: nothing. `sure`: it stands in the page itself. */
export function judgeReference(
  reference: Reference,
  base: string,
  wish: Wish,
  sure: boolean,
): Finding | undefined {
  const { kind, address, evidence } = reference;
  const where = leadsTo(address, base, wish);
  if (where === 'local') return { severity: 'breaks', kind: 'local-address', evidence, advice: LOCAL_ADVICE };
  if (where !== 'outside') return undefined;
  return { severity: sure ? 'breaks' : 'may-break', kind, evidence, advice: adviceFor(kind, wish) };
}

/** A redirect, with what the relay makes of it. */
export function judgeRedirect(location: string, place: PathPlace, wish: Wish): Finding | undefined {
  const base = `${wish.proto}://${wish.host}${wish.strip ? wish.prefix : ''}${place.target}`;
  const where = leadsTo(wish.strip ? addressBelow(location, place) : location, base, wish);
  const evidence = shorten(`Location: ${location}`);
  if (where === 'outside')
    return { severity: 'breaks', kind: 'redirect', evidence, advice: adviceFor('redirect', wish) };
  if (where === 'local') return { severity: 'breaks', kind: 'local-address', evidence, advice: LOCAL_ADVICE };
  return undefined;
}

/** A cookie, as the device set it. */
export function judgeCookie(setCookie: string, wish: Wish): Finding | undefined {
  const [pair = '', ...attributes] = setCookie.split(';').map((part) => part.trim());
  const name = pair.split('=', 1)[0] ?? '';
  const valueOf = (wanted: string): string | undefined =>
    attributes
      .findLast((one) => one.toLowerCase().startsWith(`${wanted}=`))
      ?.slice(wanted.length + 1)
      .trim();
  const evidence = shorten(`Set-Cookie: ${name}; ${attributes.join('; ')}`);
  if (name.startsWith('__Host-')) {
    const advice = `A browser takes a cookie of such a name for the path / only, and the relay confines cookies to ${wish.prefix}/: it is lost. Use the host name of the service.`;
    return { severity: 'breaks', kind: 'cookie', evidence, advice };
  }
  const domain = valueOf('domain')?.replace(/^\./, '').toLowerCase();
  if (domain !== undefined && domain !== '' && domain !== wish.host.replace(/:\d+$/, '')) {
    const advice = 'It is for another host, so it is dropped: let the program set cookies without Domain.';
    return { severity: 'may-break', kind: 'cookie', evidence, advice };
  }
  const path = valueOf('path');
  if (!wish.strip && path?.startsWith('/') === true && !isBelow(path, wish.prefix)) {
    const advice = `Its path becomes ${wish.prefix}/, so that no other device gets it. That is what you want unless the program has pages elsewhere.`;
    return { severity: 'note', kind: 'cookie', evidence, advice };
  }
  return undefined;
}

const LOCAL_ADVICE =
  'This address is for the local network only. Let the program make its addresses from the Host header, or without a host.';

const WHAT: Readonly<Record<string, string>> = {
  redirect: 'The visitor is sent',
  link: 'This leads',
  form: 'This form is sent',
  style: 'This is looked for',
  script: 'This is asked for',
  socket: 'This connection goes',
  worker: 'This service worker is looked for',
  base: 'All relative addresses lead',
};

function adviceFor(kind: string, { prefix, strip }: Wish): string {
  const what = WHAT[kind] ?? 'This leads';
  return `${what} outside ${prefix}/, where the device is not. ${
    strip
      ? `Set the program's base URL to ${prefix}/ (then publish it with the path unchanged), or use the host name of the service, where nothing has to be changed.`
      : `Set the program's base URL to ${prefix}/, or use the host name of the service, where nothing has to be changed.`
  }`;
}

/** Findings kept, in all. */
const FINDINGS_MAX = 50;
const ORDER = { breaks: 0, 'may-break': 1, note: 2 } as const;

/** Findings as they are shown: the same one once, with how often; the worst first. */
export class Findings {
  readonly #found = new Map<string, Finding & { where: string; count: number }>();

  add(finding: Finding | undefined, where: string): void {
    if (finding === undefined) return;
    const key = `${finding.severity} ${finding.kind} ${finding.evidence}`;
    const there = this.#found.get(key);
    if (there !== undefined) there.count += 1;
    else if (this.#found.size < FINDINGS_MAX * 10) this.#found.set(key, { ...finding, where, count: 1 });
  }

  list(): PathFinding[] {
    return [...this.#found.values()]
      .sort((a, b) => ORDER[a.severity] - ORDER[b.severity])
      .slice(0, FINDINGS_MAX);
  }
}
