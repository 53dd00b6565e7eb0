import type { LanInput } from '@porchlight/protocol/api';
import { useQuery } from '@tanstack/react-query';
import { api, keys } from '../api/index.ts';
import { Ago } from '../format/index.ts';
import { ErrorNote, Pill } from '../ui/index.ts';
import { sparkline } from './sparkline.ts';

/** Asked for again while somebody looks. */
const AGAIN_MS = 10_000;

/** What the WiFi devices of a base station say: the last value of each topic, its age, and how it went. */
export function LanInputs({ deviceId }: { deviceId: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: keys.lanInputs(deviceId),
    queryFn: ({ signal }) => api.lanInputs(deviceId, signal),
    refetchInterval: AGAIN_MS,
  });
  if (data === undefined && error !== null) return <ErrorNote error={error} onRetry={refetch} />;
  if (data === undefined || data.items.length === 0) return null;
  return (
    <div className="grid gap-2">
      <h3 className="font-medium">What they say</h3>
      <ul aria-label="Values" className="grid divide-y divide-line">
        {data.items.map((input) => (
          <InputRow key={input.topic} input={input} />
        ))}
      </ul>
      {data.more > 0 && <p className="text-sm text-muted">{data.more} more are on its settings page.</p>}
    </div>
  );
}

function InputRow({ input }: { input: LanInput }) {
  const { topic, value, at, silent, history } = input;
  const points = sparkline(history);
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-2 first:pt-0 last:pb-0">
      <div className="grid min-w-0 gap-0.5">
        <p className="flex flex-wrap items-center gap-2">
          <code className="text-sm break-all">{topic}</code>
          {silent && <Pill tone="bad">silent</Pill>}
        </p>
        <p className="text-sm text-muted">
          <span className="font-semibold text-ink">{value}</span> · <Ago at={at} />
        </p>
      </div>
      {points !== undefined && (
        <svg
          viewBox="0 0 100 24"
          className="h-6 w-24 shrink-0 text-accent"
          preserveAspectRatio="none"
          role="img"
          aria-label={`${history.length} values of ${topic}`}
        >
          <polyline
            points={points}
            fill="none"
            stroke="currentColor"
            strokeWidth="1.5"
            vectorEffect="non-scaling-stroke"
          />
        </svg>
      )}
    </li>
  );
}
