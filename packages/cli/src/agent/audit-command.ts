import { type AuditEntry, readAudit } from '@porchlight/agent';
import { type Command, InvalidArgumentError } from 'commander';
import { twinned } from '../environment-twins.ts';
import { stopSignal } from '../stop-signal.ts';
import { harmless, print, styled } from '../terminal/index.ts';
import { dataFolderOf, type ListingFlags, listingSubcommand } from './data-folder.ts';

interface AuditFlags extends ListingFlags {
  readonly follow?: boolean;
  readonly service?: string;
  readonly person?: string;
  readonly allowed?: boolean;
  readonly denied?: boolean;
  readonly last: number;
}

/** `porchlight agent audit`: oldest first; with `--json` one object a line. */
export function auditCommand(): Command {
  return listingSubcommand('audit', 'Show who asked what of this device, and what its policy said.')
    .addOption(twinned('--follow', 'go on with what comes, until Ctrl-C', 'PORCHLIGHT_FOLLOW'))
    .addOption(twinned('--service <name>', 'of this service only', 'PORCHLIGHT_SERVICE'))
    .addOption(twinned('--person <name>', 'of this person only', 'PORCHLIGHT_PERSON'))
    .addOption(twinned('--allowed', 'only what was let through', 'PORCHLIGHT_ALLOWED'))
    .addOption(twinned('--denied', 'only what was refused', 'PORCHLIGHT_DENIED'))
    .addOption(
      twinned('--last <number>', 'so many of the newest', 'PORCHLIGHT_LAST').argParser(count).default(50),
    )
    .action(showAudit);
}

async function showAudit(options: AuditFlags): Promise<void> {
  const entries = readAudit({
    dataFolder: dataFolderOf(options),
    last: options.last,
    service: options.service,
    person: options.person,
    decision: options.denied === true ? 'deny' : options.allowed === true ? 'allow' : undefined,
    follow: options.follow === true,
    signal: stopSignal(),
  });
  for await (const entry of entries) print(options.json === true ? JSON.stringify(entry) : inWords(entry));
}

function count(text: string): number {
  if (/^[0-9]{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number, e.g. 100.');
}

function inWords(entry: AuditEntry): string {
  const at = styled.quiet(harmless(entry.at));
  return entry.event === undefined ? `${at}  ${requestInWords(entry)}` : `${at}  ${eventInWords(entry)}`;
}

function requestInWords(entry: AuditEntry): string {
  const { decision, service, person, method, path, count: times, reason, rule } = entry;
  const verdict = decision === 'deny' ? styled.bad('deny ') : styled.good('allow');
  const asked = [method, path].filter((part) => part !== undefined).map(harmless);
  return [
    verdict,
    harmless(service ?? ''),
    harmless(person ?? '-'),
    ...asked,
    ...(times === undefined ? [] : [`×${times}`]),
    ...(decision === 'deny' && reason !== undefined ? [`(${harmless(reason)})`] : []),
    ...(rule === undefined ? [] : [styled.quiet(`line ${rule}`)]),
  ].join('  ');
}

function eventInWords({ at: _at, event, ...detail }: AuditEntry): string {
  const words = Object.entries(detail)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${harmless(name)}=${harmless(String(value))}`);
  return [styled.strong(harmless(event ?? '')), ...words].join('  ');
}
