import type { Service } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Confirm, ErrorNote } from '../ui/index.ts';

/** Whether TLS for the service's host name ends on the device itself. Turning it on is asked twice. */
export function PassthroughSwitch({ deviceId, service }: { deviceId: string; service: Service }) {
  const cache = useQueryClient();
  const [asking, setAsking] = useState(false);
  const change = async (passthrough: boolean) => {
    await api.changeService(deviceId, service.name, { passthrough });
    await cache.invalidateQueries({ queryKey: keys.device(deviceId) });
    void cache.invalidateQueries({ queryKey: keys.audits });
  };
  const changing = useMutation({ mutationFn: change });
  return (
    <div className="grid gap-2">
      <label className="flex min-h-11 items-start gap-3 py-1">
        <input
          type="checkbox"
          className="mt-1 size-4 shrink-0 accent-accent"
          checked={changing.isPending ? changing.variables : service.passthrough}
          disabled={changing.isPending}
          onChange={(event) => (event.target.checked ? setAsking(true) : changing.mutate(false))}
        />
        <span className="grid gap-0.5">
          <span className="text-sm font-medium">Has a host name whose HTTPS ends on the device</span>
          <span className="max-w-prose text-sm text-muted">
            {service.passthrough
              ? 'Anyone may connect; who gets in is for the device to say. The relay sees only that there is a connection.'
              : 'For a server on the device with a certificate of its own. The relay passes the connection on unopened.'}
          </span>
        </span>
      </label>
      <ErrorNote error={changing.error} />
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        title={`Pass HTTPS on to ${service.name} unopened?`}
        action="Pass it on"
        act={() => change(true)}
      >
        <p>
          Access is then the device’s own affair: the relay can neither sign people on nor see what they do.
          Anyone who knows the address reaches the server on the device.
        </p>
        <p className="text-muted">
          That server needs a certificate for the address. You can turn it off again at any time; connections
          that are open end then.
        </p>
      </Confirm>
    </div>
  );
}
