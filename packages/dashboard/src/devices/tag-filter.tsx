import type { Device } from '@porchlight/protocol/api';

interface TagFilterProps {
  readonly devices: readonly Device[];
  readonly chosen: string | undefined;
  readonly onChoose: (tag: string | undefined) => void;
  readonly loading: boolean;
}

/** The tags of the devices in sight, to press. Always one line high, so that the list below stays where it is. */
export function TagFilter({ devices, chosen, onChoose, loading }: TagFilterProps) {
  const tags = [
    ...new Set([...(chosen === undefined ? [] : [chosen]), ...devices.flatMap((device) => device.tags)]),
  ].sort((a, b) => a.localeCompare(b));
  return (
    <div role="group" aria-label="Tags" className="-m-1 flex h-12 items-center gap-2 overflow-x-auto p-1">
      {tags.length === 0 && !loading && (
        <p className="text-sm text-muted">Tags that you give to devices appear here, to press.</p>
      )}
      {tags.map((tag) => (
        <button
          key={tag}
          type="button"
          aria-pressed={tag === chosen}
          onClick={() => onChoose(tag === chosen ? undefined : tag)}
          className="min-h-9 shrink-0 rounded-full border border-line bg-surface px-3 text-sm text-muted hover:text-ink aria-pressed:border-transparent aria-pressed:bg-lamp aria-pressed:font-medium aria-pressed:text-on-lamp"
        >
          {tag}
        </button>
      ))}
    </div>
  );
}
