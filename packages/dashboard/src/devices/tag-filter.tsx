import type { Device } from '@porchlight/protocol/api';

interface TagFilterProps {
  readonly devices: readonly Device[];
  readonly chosen: string | undefined;
  readonly onChoose: (tag: string | undefined) => void;
}

/** The tags of the devices in sight, to press. */
export function TagFilter({ devices, chosen, onChoose }: TagFilterProps) {
  const tags = [
    ...new Set([...(chosen === undefined ? [] : [chosen]), ...devices.flatMap((device) => device.tags)]),
  ];
  if (tags.length === 0) return null;
  return (
    <div role="group" aria-label="Tags" className="flex flex-wrap gap-2">
      {tags
        .sort((a, b) => a.localeCompare(b))
        .map((tag) => (
          <button
            key={tag}
            type="button"
            aria-pressed={tag === chosen}
            onClick={() => onChoose(tag === chosen ? undefined : tag)}
            className="min-h-9 rounded-full border border-line bg-surface px-3 text-sm text-muted hover:text-ink aria-pressed:border-transparent aria-pressed:bg-lamp aria-pressed:font-medium aria-pressed:text-on-lamp"
          >
            {tag}
          </button>
        ))}
    </div>
  );
}
