import { ACCESS_LIST_MAX, type Access, type AccessList } from './access-list.ts';

/** Names of the secrets that hold the local API keys. */
export const READ_KEY = 'emoncms_read';
export const WRITE_KEY = 'emoncms_write';

/** Stands below the head of a section that was written here; one by hand is not touched. */
const MARK =
  '  # Access list of emoncms, written by Porchlight: change it on the settings page or with "agent emoncms".';
const KEYS: Readonly<Record<Access, string>> = { read: READ_KEY, write: WRITE_KEY };
/** emoncms has its web server make a query of the path: what would end a parameter there has no place in a path. */
const NO_QUERY_IN_PATHS = '  deny * /**/{*%26*,*%3D*,*%3F*,*%23*}';
/** A rule as {@link accessListSection} writes it. */
const RULE =
  /^\s*allow GET,HEAD,POST \/([A-Za-z0-9_-]+\/[A-Za-z0-9_-]+)\.json .*\badd query apikey=\$emoncms_(read|write)\s*$/;

/** An entry that stays in the list while it is closed. */
const CLOSED = /^\s*# closed: ([A-Za-z0-9_-]+\/[A-Za-z0-9_-]+) (read|write)\s*$/;

/**
 * The section of a policy file that an access list stands for: each entry with and without a sub-action, the visitor's
 * `q` and `apikey` refused, the local key added; everything else denied.
 * @param readOnly entries that need the write key are closed, and kept as a comment
 */
export function accessListSection(
  service: string,
  list: AccessList,
  { readOnly }: { readonly readOnly: boolean },
): string[] {
  const lines = [`service ${service}`, MARK, NO_QUERY_IN_PATHS];
  for (const [name, access] of list) {
    if (readOnly && access === 'write') {
      lines.push(`  # closed: ${name} ${access}`);
      continue;
    }
    const rest = `refuse query q   refuse query apikey   add query apikey=$${KEYS[access]}`;
    lines.push(`  allow GET,HEAD,POST /${name}.json   ${rest}`);
    lines.push(`  allow GET,HEAD,POST /${name}/*.json   ${rest}`);
  }
  lines.push('  default deny');
  return lines;
}

/** What a service's section says. */
export interface WrittenAccessList {
  readonly list: AccessList;
  /** Entries that need the write key are closed. */
  readonly readOnly: boolean;
}

/** The access list that a service's section was written from; undefined: it has no section, or one by hand. */
export function readAccessList(policy: string, service: string): WrittenAccessList | undefined {
  const section = sectionOf(policy, service);
  if (section?.includes(MARK) !== true) return undefined;
  const list = new Map<string, Access>();
  let readOnly = false;
  for (const line of section) {
    const closed = CLOSED.exec(line);
    const [, name, access] = RULE.exec(line) ?? closed ?? [];
    if (name === undefined || list.size >= ACCESS_LIST_MAX) continue;
    list.set(name, access as Access);
    readOnly ||= closed !== null;
  }
  return { list, readOnly };
}

/** Puts a section into a policy, in place of the one that the service has; everything else stays as it is. */
export function withSection(policy: string, service: string, section: readonly string[]): string {
  const lines = policy === '' ? [] : policy.replace(/\n$/, '').split('\n');
  const { from, to } = boundsOf(lines, service);
  // One that is new stands apart from what is above it.
  const gap = from === lines.length && lines.length > 0 && lines.at(-1)?.trim() !== '' ? [''] : [];
  return `${[...lines.slice(0, from), ...gap, ...section, ...lines.slice(to)].join('\n')}\n`;
}

function sectionOf(policy: string, service: string): string[] | undefined {
  const lines = policy.split(/\r?\n/);
  const { from, to } = boundsOf(lines, service);
  return from === lines.length ? undefined : lines.slice(from, to);
}

/** First line of the service's section and the one behind its last; both at the end when it has none. */
function boundsOf(lines: readonly string[], service: string): { from: number; to: number } {
  const heads = lines.flatMap((line, at) => {
    const name = /^\s*service\s+(\S+)/.exec(line)?.[1];
    return name === undefined ? [] : [{ name, at }];
  });
  const index = heads.findIndex(({ name }) => name === service);
  const head = heads[index];
  if (head === undefined) return { from: lines.length, to: lines.length };
  let to = heads[index + 1]?.at ?? lines.length;
  // Comments and empty lines above the next section belong to that.
  while (to > head.at + 1 && heads[index + 1] !== undefined && /^\s*(?:#|$)/.test(lines[to - 1] ?? ''))
    to -= 1;
  return { from: head.at, to };
}
