import type { EmoncmsFeed } from '@porchlight/protocol/api';
import { formatBytes } from '../format/index.ts';
import { Empty, Panel } from '../ui/index.ts';
import { Age } from './age.tsx';
import { FEEDS_MAX } from './view-state.ts';
import { engineName, formatValue, groupByTag } from './words.ts';

interface FeedListProps {
  readonly feeds: readonly EmoncmsFeed[];
  readonly now: number;
  readonly chosen: ReadonlySet<number>;
  readonly onChoose: (id: number, on: boolean) => void;
}

/** Feeds by tag, each with its last value and the age of that. */
export function FeedList({ feeds, now, chosen, onChoose }: FeedListProps) {
  if (feeds.length === 0) {
    return (
      <Empty title="No feeds yet">
        <p>This emoncms logs nothing yet. On its own page, inputs can be logged to feeds.</p>
      </Empty>
    );
  }
  return (
    <>
      {groupByTag(feeds).map(([tag, group]) => (
        <Panel key={tag} title={tag === '' ? 'Without tag' : tag}>
          <ul className="-my-2 grid divide-y divide-line">
            {group.map((feed) => (
              <li key={feed.id}>
                <label className="grid min-h-14 cursor-pointer grid-cols-[auto_1fr_auto] items-center gap-x-3 py-2 sm:grid-cols-[auto_1fr_7rem_7rem]">
                  <input
                    type="checkbox"
                    className="size-5 accent-accent"
                    checked={chosen.has(feed.id)}
                    disabled={!chosen.has(feed.id) && chosen.size >= FEEDS_MAX}
                    onChange={(event) => onChoose(feed.id, event.target.checked)}
                  />
                  <span className="grid min-w-0">
                    <span className="font-medium">{feed.name === '' ? `Feed ${feed.id}` : feed.name}</span>
                    <span className="text-xs text-muted">
                      {engineName(feed.engine)}
                      {feed.size !== undefined && `, ${formatBytes(feed.size)}`}
                    </span>
                  </span>
                  <span className="text-right font-semibold tabular-nums">
                    {formatValue(feed.value, feed.unit)}
                  </span>
                  <span className="text-xs max-sm:col-start-2 max-sm:col-end-4 sm:justify-self-end">
                    <Age at={feed.valueAt} now={now} />
                  </span>
                </label>
              </li>
            ))}
          </ul>
        </Panel>
      ))}
    </>
  );
}
