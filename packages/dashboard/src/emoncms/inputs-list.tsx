import type { EmoncmsInput } from '@porchlight/protocol/api';
import { plural } from '../format/index.ts';
import { Empty, Panel, SkeletonRows } from '../ui/index.ts';
import { Age } from './age.tsx';
import { FailureNote } from './failure-note.tsx';
import { type Home, useInputs } from './queries.ts';
import { formatValue, groupByTag } from './words.ts';

/** What is measured, before emoncms makes feeds of it; by node. */
export function InputsList({ home }: { home: Home }) {
  const { data, error, dataUpdatedAt, refetch, isPending } = useInputs(home);
  if (isPending) return <SkeletonRows count={4} />;
  const inputs = (data?.inputs ?? []).map((input) => ({ ...input, tag: input.node }));
  return (
    <>
      {(error !== null || data?.failure !== undefined) && (
        <FailureNote error={error} failure={data?.failure} at={data?.at} onRetry={refetch} />
      )}
      {data !== undefined && inputs.length === 0 && (
        <Empty title="No inputs yet">
          <p>Nothing has sent a reading to this emoncms.</p>
        </Empty>
      )}
      {groupByTag(inputs).map(([node, group]) => (
        <Panel key={node} title={node === '' ? 'Without node' : node}>
          <ul className="-my-2 grid divide-y divide-line">
            {group.map((input) => (
              <Input key={input.id} input={input} now={dataUpdatedAt} />
            ))}
          </ul>
        </Panel>
      ))}
    </>
  );
}

function Input({ input, now }: { input: EmoncmsInput; now: number }) {
  const steps = input.processes === 0 ? 'not processed' : plural(input.processes, 'step');
  return (
    <li className="grid min-h-14 grid-cols-[1fr_auto] items-center gap-x-3 py-2 sm:grid-cols-[1fr_7rem_7rem]">
      <span className="grid min-w-0">
        <span className="font-medium">{input.name === '' ? `Input ${input.id}` : input.name}</span>
        <span className="text-xs text-muted">
          {input.description === '' ? steps : `${input.description}, ${steps}`}
        </span>
      </span>
      <span className="text-right font-semibold tabular-nums">{formatValue(input.value, '')}</span>
      <span className="text-xs max-sm:col-span-2 sm:justify-self-end">
        <Age at={input.valueAt} now={now} />
      </span>
    </li>
  );
}
