import type { Device } from '@porchlight/protocol/api';
import { useQuery } from '@tanstack/react-query';
import { ChartLine, ChevronLeft } from 'lucide-react';
import { type ReactNode, useCallback, useMemo } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import { ApiError, api, keys } from '../api/index.ts';
import { StatusLine } from '../devices/index.ts';
import { plural } from '../format/index.ts';
import { useTitle } from '../page/index.ts';
import { Button, buttonClass, Empty, ErrorNote, Panel, SkeletonRows } from '../ui/index.ts';
import { FailureNote } from './failure-note.tsx';
import { FeedList } from './feed-list.tsx';
import { GraphPanel } from './graph-panel.tsx';
import { InputsList } from './inputs-list.tsx';
import { KeepAnswersSwitch } from './keep-answers-switch.tsx';
import { useFeeds } from './queries.ts';
import { formatViewState, parseViewState, type ViewState } from './view-state.ts';
import { isEmoncms } from './words.ts';

/** The emoncms of a device: its feeds, graphs of them, its inputs. Served by the relay; only data come from home. */
export default function EmoncmsPage({ id }: { id: string }) {
  const query = useQuery({ queryKey: keys.device(id), queryFn: ({ signal }) => api.device(id, signal) });
  const device = query.data;
  const [state, change] = useViewState();
  useTitle(device === undefined ? 'Feeds' : `Feeds of ${device.name}`);

  if (query.error instanceof ApiError && query.error.status === 404) {
    return (
      <Empty title="There is no such device">
        <Link href="/" className={buttonClass()}>
          To the devices
        </Link>
      </Empty>
    );
  }
  const service = state.service ?? device?.services.find(isEmoncms)?.name;
  return (
    <>
      <Link
        href={`/devices/${id}`}
        className="-mb-2 inline-flex min-h-9 items-center gap-1 justify-self-start text-sm text-muted hover:text-ink"
      >
        <ChevronLeft size={16} aria-hidden />
        {device?.name ?? 'Device'}
      </Link>
      {query.isError && <ErrorNote error={query.error} onRetry={query.refetch} />}
      {device === undefined && !query.isError && <SkeletonRows count={5} />}
      {device !== undefined && service === undefined && <ServiceChoice device={device} />}
      {device !== undefined && service !== undefined && (
        <Emoncms key={service} device={device} service={service} state={state} change={change} />
      )}
    </>
  );
}

interface EmoncmsProps {
  readonly device: Device;
  readonly service: string;
  readonly state: ViewState;
  readonly change: (change: Partial<ViewState>) => void;
}

function Emoncms({ device, service, state, change }: EmoncmsProps) {
  const home = useMemo(() => ({ deviceId: device.id, service }), [device.id, service]);
  const { data, error, dataUpdatedAt, refetch, isPending } = useFeeds(home);
  const { tab, feeds: chosen } = state;
  const ids = useMemo(() => new Set(chosen.map(({ id }) => id)), [chosen]);
  const record = device.services.find(({ name }) => name === service);
  const failed = error !== null || data?.failure !== undefined;
  const choose = (id: number, on: boolean) =>
    change({ feeds: on ? [...chosen, { id, axis: undefined }] : chosen.filter((one) => one.id !== id) });

  return (
    <>
      <header className="flex flex-wrap items-end justify-between gap-3">
        <div className="grid gap-1">
          <h1 className="text-2xl font-semibold tracking-tight">{service}</h1>
          <StatusLine link={device.link} />
        </div>
        <nav aria-label="Views" className="flex gap-1 rounded-lg bg-raised p-1">
          <Tab name="feeds" {...{ tab, change }}>
            Feeds
          </Tab>
          <Tab name="graph" {...{ tab, change }}>
            {chosen.length === 0 ? 'Graph' : `Graph (${chosen.length})`}
          </Tab>
          <Tab name="inputs" {...{ tab, change }}>
            Inputs
          </Tab>
        </nav>
      </header>
      {tab !== 'inputs' && failed && (
        <FailureNote error={error} failure={data?.failure} at={data?.at} onRetry={refetch} />
      )}
      {tab === 'feeds' && (
        <>
          {isPending && <SkeletonRows count={6} />}
          {data !== undefined && (
            <FeedList feeds={data.feeds} now={dataUpdatedAt} chosen={ids} onChoose={choose} />
          )}
          {record !== undefined && (
            <Panel label="When the home is offline">
              <KeepAnswersSwitch deviceId={device.id} service={record} />
            </Panel>
          )}
          <div className="sticky bottom-4 flex min-h-11 justify-center gap-2">
            {chosen.length > 0 && (
              <>
                <Button look="primary" className="shadow-lg" onClick={() => change({ tab: 'graph' })}>
                  <ChartLine size={18} aria-hidden />
                  Graph of {plural(chosen.length, 'feed')}
                </Button>
                <Button className="shadow-lg" onClick={() => change({ feeds: [] })}>
                  Clear
                </Button>
              </>
            )}
          </div>
        </>
      )}
      {tab === 'graph' && (
        <GraphPanel home={home} state={state} onChange={change} known={data?.feeds} told={failed} />
      )}
      {tab === 'inputs' && <InputsList home={home} />}
    </>
  );
}

interface TabProps {
  readonly name: ViewState['tab'];
  readonly tab: ViewState['tab'];
  readonly change: (change: Partial<ViewState>) => void;
  readonly children: ReactNode;
}

function Tab({ name, tab, change, children }: TabProps) {
  return (
    <button
      type="button"
      aria-current={name === tab ? 'page' : undefined}
      onClick={() => change({ tab: name })}
      className="min-h-9 rounded-md px-3 text-sm text-muted aria-[current=page]:bg-surface aria-[current=page]:text-ink aria-[current=page]:shadow-sm"
    >
      {children}
    </button>
  );
}

/** No service is called as the preset calls it: a person says which one it is, and asking it shows whether it is. */
function ServiceChoice({ device }: { device: Device }) {
  const others = device.services.filter(({ kind }) => kind !== 'tcp');
  return (
    <Empty title={others.length === 0 ? 'This device offers no emoncms' : 'Which service is the emoncms?'}>
      {others.length === 0 && <p>Expose it there: porchlight agent expose emoncms … --preset emoncms</p>}
      {others.map(({ name }) => (
        <Link key={name} href={`/devices/${device.id}/emoncms?service=${name}`} className={buttonClass()}>
          {name}
        </Link>
      ))}
    </Empty>
  );
}

/** The state in the page's address; each change of tab is a step back in the browser's history. */
function useViewState(): [ViewState, (change: Partial<ViewState>) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const state = useMemo(() => parseViewState(search), [search]);
  const change = useCallback(
    (part: Partial<ViewState>) => {
      const next = formatViewState({ ...parseViewState(location.search), ...part });
      navigate(next === '' ? path : `${path}?${next}`, { replace: part.tab === undefined });
    },
    [path, navigate],
  );
  return [state, change];
}
