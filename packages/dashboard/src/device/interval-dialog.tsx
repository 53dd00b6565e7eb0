import type { Device } from '@porchlight/protocol/api';
import { useState } from 'react';
import { formatDuration } from '../format/index.ts';
import { Actions, Button, Dialog, ErrorNote, Field } from '../ui/index.ts';
import { useChange } from './use-change.ts';

/** How often a device that calls home is expected; empty: as learned. */
export function IntervalDialog({ device, onClose }: { device: Device; onClose: () => void }) {
  const [text, setText] = useState(String(device.callIntervalSeconds ?? ''));
  const changing = useChange(device.id, onClose);
  const now = device.link.callHome;
  return (
    <Dialog
      open
      onClose={onClose}
      title={`How often ${device.name} calls home`}
      lead="It counts as offline when nothing has come for two and a half times as long."
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          changing.mutate({ callIntervalSeconds: text === '' ? null : Number(text) });
        }}
      >
        <Field
          label="Seconds between two calls"
          type="number"
          min={10}
          max={86_400}
          step={1}
          value={text}
          onChange={(event) => setText(event.target.value)}
          placeholder="as learned"
          hint={
            now?.learned
              ? `Empty: learned from its calls, now ${formatDuration(now.intervalSeconds * 1000)}.`
              : 'Empty: learned from its calls.'
          }
        />
        <ErrorNote error={changing.error} />
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={changing.isPending}>
            Save the interval
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}
