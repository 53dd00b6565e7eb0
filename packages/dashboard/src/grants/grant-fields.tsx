import { SCOPE_WORDS, SCOPES, type Scope } from '@porchlight/protocol';
import type { Grant } from '@porchlight/protocol/api';
import { DeviceFields } from './device-fields.tsx';

interface GrantFieldsProps {
  readonly grant: Grant;
  readonly onChange: (grant: Grant) => void;
  /** Scopes that can be had here; all of them unless said. */
  readonly offered?: readonly Scope[];
}

/** What a program may do, and at which devices; with nothing ticked it is no grant yet. */
export function GrantFields({ grant, onChange, offered = SCOPES }: GrantFieldsProps) {
  const has = new Set(grant.scopes);

  function toggle(scope: Scope) {
    const next = new Set(has);
    if (next.has(scope)) next.delete(scope);
    else next.add(scope);
    // Who may write may read; who may not read any more may not write.
    if (scope === 'write' && next.has('write')) next.add('read');
    if (scope === 'read' && !next.has('read')) next.delete('write');
    onChange({ ...grant, scopes: SCOPES.filter((one) => next.has(one)) });
  }

  return (
    <div className="grid gap-5">
      <fieldset className="grid gap-2">
        <legend className="mb-2 text-sm font-medium">What may it do?</legend>
        {SCOPES.filter((scope) => offered.includes(scope)).map((scope) => (
          <label key={scope} className="flex min-h-9 items-start gap-3 text-sm">
            <input
              type="checkbox"
              className="mt-0.5 size-5 shrink-0 accent-accent"
              checked={has.has(scope)}
              onChange={() => toggle(scope)}
            />
            <span className="grid gap-0.5">
              <span className="font-medium">{scope}</span>
              <span className="text-muted">{SCOPE_WORDS[scope]}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <DeviceFields
        devices={grant.devices}
        onChange={(devices) =>
          onChange(devices === undefined ? { scopes: grant.scopes } : { ...grant, devices })
        }
      />
    </div>
  );
}
