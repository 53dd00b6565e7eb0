import type { Device, Forward, Service } from '@porchlight/protocol/api';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Countdown, plural } from '../format/index.ts';
import { Button, Choice, Commands, ErrorNote } from '../ui/index.ts';

const LENGTHS = [
  { minutes: 10, label: '10 minutes' },
  { minutes: 60, label: '1 hour' },
  { minutes: 240, label: '4 hours' },
  { minutes: 1440, label: '1 day' },
] as const;

/** Ports on the relay that lead to a `tcp` service for a while. */
export function Forwards({ device, service }: { device: Device; service: Service }) {
  const cache = useQueryClient();
  const [minutes, setMinutes] = useState(60);
  const list = useQuery({
    queryKey: keys.forwards(device.id),
    queryFn: ({ signal }) => api.forwards(device.id, signal),
    refetchInterval: 15_000,
  });
  const refresh = () => cache.invalidateQueries({ queryKey: keys.forwards(device.id) });
  const opening = useMutation({
    mutationFn: () => api.openForward(device.id, { service: service.name, minutes }),
    onSuccess: refresh,
  });
  const closing = useMutation({ mutationFn: api.closeForward, onSuccess: refresh });
  const open = list.data?.items.filter((forward) => forward.service === service.name) ?? [];

  function submit(event: FormEvent) {
    event.preventDefault();
    opening.mutate();
  }

  return (
    <div className="grid gap-3">
      {open.map((forward) => (
        <OpenForward
          key={forward.id}
          forward={forward}
          closing={closing.isPending && closing.variables === forward.id}
          onClose={() => closing.mutate(forward.id)}
        />
      ))}
      <form className="flex flex-wrap items-end gap-2" onSubmit={submit}>
        <div className="min-w-36">
          <Choice
            label={`Open a port for ${service.name}`}
            value={minutes}
            onChange={(event) => setMinutes(Number(event.target.value))}
          >
            {LENGTHS.map((length) => (
              <option key={length.minutes} value={length.minutes}>
                {length.label}
              </option>
            ))}
          </Choice>
        </div>
        <Button type="submit" busy={opening.isPending} disabled={!device.link.up || !service.offered}>
          Open the port
        </Button>
      </form>
      {open.length === 0 && (
        <p className="text-sm text-muted">
          A port on the relay that leads to {service.name} for that long, for any TCP client. Anyone who finds
          the port can try it, so {service.name} has to ask for a password or key itself.
        </p>
      )}
      <ErrorNote error={opening.error ?? closing.error ?? list.error} />
    </div>
  );
}

function OpenForward(props: { forward: Forward; closing: boolean; onClose: () => void }) {
  const { forward } = props;
  const isSsh = (forward.service ?? '').includes('ssh') || forward.devicePort === 22;
  return (
    <div data-testid="forward" className="grid gap-3 rounded-xl border border-line p-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p>
          <strong className="font-mono">
            {forward.host}:{forward.port}
          </strong>{' '}
          <span className="text-sm text-muted">
            open for another <Countdown at={forward.expiresAt} /> ·{' '}
            {plural(forward.connections, 'connection')}
          </span>
        </p>
        <Button small busy={props.closing} onClick={props.onClose}>
          Close the port
        </Button>
      </div>
      <Commands
        label={isSsh ? 'SSH command' : 'Example command'}
        lines={[isSsh ? `ssh -p ${forward.port} USER@${forward.host}` : `nc ${forward.host} ${forward.port}`]}
      />
    </div>
  );
}
