import type { AuditEntry } from '@porchlight/protocol/api';
import { type AuditFilter } from '../api/index.ts';
import { Ago } from '../format/index.ts';
import { ErrorNote, LoadMore, SkeletonRows } from '../ui/index.ts';
import { useAudit } from './use-audit.ts';
import { actionWords, actorName, detailWords, targetName } from './words.ts';

interface AuditListProps {
  readonly filter: AuditFilter;
  /** Only so many, without a way to more. */
  readonly limit?: number;
}

/** Who did what, when, from where; newest first. */
export function AuditList({ filter, limit }: AuditListProps) {
  const audit = useAudit(filter, limit);
  const entries = audit.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="grid gap-4">
      <ErrorNote error={audit.error} onRetry={audit.refetch} />
      {audit.isPending && <SkeletonRows count={limit ?? 10} className="h-14" />}
      {audit.isSuccess && entries.length === 0 && (
        <p className="text-muted">Nothing of that kind has happened.</p>
      )}
      {entries.length > 0 && (
        <ul aria-label="Events" className="grid divide-y divide-line">
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </ul>
      )}
      {limit === undefined && <LoadMore query={audit} />}
    </div>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const about = detailWords(entry);
  const target = targetName(entry);
  return (
    <li className="grid gap-x-4 py-2.5 text-sm sm:grid-cols-[1fr_auto]" data-action={entry.action}>
      <p>
        <strong className="font-semibold">{actorName(entry.actor)}</strong>{' '}
        {actionWords(entry.action, target !== '')}
        {target !== '' && <strong className="font-semibold"> {target}</strong>}
      </p>
      <p className="text-muted sm:text-right">
        <Ago at={entry.at} />
      </p>
      {about !== '' && <p className="text-muted sm:col-span-2">{about}</p>}
    </li>
  );
}
