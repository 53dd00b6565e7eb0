import type { Device } from '@porchlight/protocol/api';
import { useState } from 'react';
import { Button, Dialog, ErrorNote, Panel } from '../ui/index.ts';
import { ForwardCard } from './forward-card.tsx';
import { ForwardForm } from './forward-form.tsx';
import { useForwards } from './use-forwards.ts';

/** The forwards to one device, and a way to ask for another. */
export function ForwardsPanel({ device }: { device: Device }) {
  const [asking, setAsking] = useState(false);
  const forwards = useForwards();
  const own = forwards.data?.items.filter(({ deviceId }) => deviceId === device.id) ?? [];
  return (
    <Panel
      title="Forwards"
      aside={
        <Button small onClick={() => setAsking(true)} disabled={device.blocked}>
          Forward a port…
        </Button>
      }
    >
      <ErrorNote error={forwards.error} onRetry={forwards.refetch} />
      {own.length === 0 ? (
        <p className="text-sm text-muted">
          A port on the relay that leads to a TCP port of the device for a while: for ssh, a database, a
          router’s own web page. What it leads to has to ask for a password or key itself.
        </p>
      ) : (
        <ul aria-label="Forwards" className="grid gap-3">
          {own.map((forward) => (
            <ForwardCard key={forward.id} forward={forward} withDevice={false} />
          ))}
        </ul>
      )}
      <Dialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Forward a port of ${device.name}`}
        lead={
          device.link.callHome === undefined
            ? undefined
            : 'It calls home: the port opens when it has called and picked up the request.'
        }
      >
        <ForwardForm device={device} onDone={() => setAsking(false)} />
      </Dialog>
    </Panel>
  );
}
