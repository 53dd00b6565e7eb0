import type { Device } from '@porchlight/protocol/api';
import { useQueryClient } from '@tanstack/react-query';
import { api, keys } from '../api/index.ts';
import { Button, Confirm, ErrorNote, Note, showToast } from '../ui/index.ts';
import { useChange } from './use-change.ts';

interface LinkDialogProps {
  readonly device: Device;
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Ends the link once. */
export function KickDialog({ device, open, onClose }: LinkDialogProps) {
  const cache = useQueryClient();
  async function kick() {
    await api.kick(device.id);
    void cache.invalidateQueries({ queryKey: keys.audits });
    showToast({ tone: 'good', title: `The link of ${device.name} is ended` });
  }
  return (
    <Confirm
      open={open}
      onClose={onClose}
      title={`End the link of ${device.name}?`}
      action="End the link"
      act={kick}
    >
      <p>Everything that goes through it ends at once: pages, forwards, terminals.</p>
      <p className="text-muted">The device may come back at once. To keep it out, block it.</p>
    </Confirm>
  );
}

/** Keeps the key out. */
export function BlockDialog({ device, open, onClose }: LinkDialogProps) {
  const changing = useChange(device.id);
  return (
    <Confirm
      open={open}
      onClose={onClose}
      title={`Block ${device.name}?`}
      action="Block the device"
      act={() => changing.mutateAsync({ blocked: true })}
    >
      <p>Its link ends at once, and its key is kept out: it can neither connect nor ask to join again.</p>
      <p className="text-muted">
        Its name, services and history stay, and nothing on the device is changed. You can unblock it at any
        time.
      </p>
    </Confirm>
  );
}

/** Lets the key in again. */
export function UnblockDialog({ device, open, onClose }: LinkDialogProps) {
  const changing = useChange(device.id);
  return (
    <Confirm
      open={open}
      onClose={onClose}
      title={`Unblock ${device.name}?`}
      action="Unblock the device"
      act={() => changing.mutateAsync({ blocked: false })}
    >
      <p>Its key is let in again: the device comes back when it next tries, with all that it had.</p>
    </Confirm>
  );
}

/** Says that the device is blocked, and lets it in again. */
export function BlockedNote({ device }: { device: Device }) {
  const changing = useChange(device.id);
  return (
    <Note>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div>
          <p className="font-semibold">This device is blocked</p>
          <p>Its key is kept out. Once unblocked, it comes back when it next tries.</p>
        </div>
        <Button small busy={changing.isPending} onClick={() => changing.mutate({ blocked: false })}>
          Unblock
        </Button>
      </div>
      <ErrorNote error={changing.error} />
    </Note>
  );
}
