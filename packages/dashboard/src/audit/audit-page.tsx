import type { AuditAction } from '@porchlight/protocol/api';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import type { AuditFilter } from '../api/index.ts';
import { useTitle } from '../page/index.ts';
import { Button, Choice, Field, formText, PageHead, Panel } from '../ui/index.ts';
import { AuditList } from './audit-list.tsx';
import { ACTION_WORDS } from './words.ts';

const HOUR = 3_600_000;
const SPANS = [
  { value: '', label: 'Any time' },
  { value: '1', label: 'Last hour' },
  { value: '24', label: 'Last 24 hours' },
  { value: '720', label: 'Last 30 days' },
];

/** The audit log with its filters, which stand in the address. */
export function AuditPage() {
  useTitle('Audit');
  const [params, setParams] = useSearchParams();
  const [opened] = useState(() => Date.now());
  const action = params.get('action') ?? '';
  const actor = params.get('actor') ?? '';
  const hours = params.get('hours') ?? '';
  const deviceId = params.get('deviceId') ?? '';

  const filter: AuditFilter = {
    ...(action === '' ? {} : { action }),
    ...(actor === '' ? {} : { actor }),
    ...(deviceId === '' ? {} : { deviceId }),
    ...(hours === '' ? {} : { since: opened - Number(hours) * HOUR }),
  };

  function set(name: string, value: string) {
    setParams(
      (before) => {
        if (value === '') before.delete(name);
        else before.set(name, value);
        return before;
      },
      { replace: true },
    );
  }

  return (
    <>
      <PageHead
        title="Audit"
        lead="Who did what, from where and when. Nothing here can be changed or deleted."
      />
      <form
        aria-label="Filters"
        className="grid items-end gap-3 sm:grid-cols-3"
        onSubmit={(event) => {
          event.preventDefault();
          set('actor', formText(new FormData(event.currentTarget), 'actor').trim());
        }}
      >
        <Choice label="What" value={action} onChange={(event) => set('action', event.target.value)}>
          <option value="">Everything</option>
          {(Object.keys(ACTION_WORDS) as AuditAction[]).map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </Choice>
        <Choice label="When" value={hours} onChange={(event) => set('hours', event.target.value)}>
          {SPANS.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Choice>
        <Field
          label="Who"
          name="actor"
          placeholder="ada, device:pi, relay"
          defaultValue={actor}
          maxLength={64}
          onBlur={(event) => set('actor', event.target.value.trim())}
        />
      </form>
      {deviceId !== '' && (
        <p className="flex flex-wrap items-center gap-3 text-sm text-muted">
          Only events of one device.
          <Button small onClick={() => set('deviceId', '')}>
            Show all
          </Button>
        </p>
      )}
      <Panel label="Events">
        <AuditList filter={filter} />
      </Panel>
    </>
  );
}
