import type { Device } from '@porchlight/protocol/api';
import { useState } from 'react';
import { Actions, Button, Dialog, ErrorNote, Field, parseTags, TagField } from '../ui/index.ts';
import { useChange } from './use-change.ts';

interface EditProps {
  readonly device: Device;
  readonly onClose: () => void;
}

/** Gives the device another name; the old one goes on leading to it. */
export function RenameDialog({ device, onClose }: EditProps) {
  const [name, setName] = useState(device.name);
  const changing = useChange(device.id, onClose);
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Rename ${device.name}`}
      lead={`Links with the name “${device.name}” go on working: they lead to the device under its new name.`}
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          changing.mutate({ name });
        }}
      >
        <Field
          label="New name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          required
          maxLength={32}
          hint="Lower-case letters, digits and single hyphens, up to 32."
        />
        {device.formerNames.length > 0 && (
          <p className="text-sm text-muted">Earlier names that still work: {device.formerNames.join(', ')}</p>
        )}
        <ErrorNote error={changing.error} />
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={changing.isPending} disabled={name === device.name}>
            Rename
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}

/** All tags of the device in one line. */
export function TagsDialog({ device, onClose }: EditProps) {
  const [text, setText] = useState(device.tags.join(' '));
  const changing = useChange(device.id, onClose);
  return (
    <Dialog open onClose={onClose} title={`Tags of ${device.name}`}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          changing.mutate({ tags: parseTags(text) });
        }}
      >
        <TagField
          value={text}
          onChange={setText}
          hint="With spaces between them. They help to find devices again."
        />
        <ErrorNote error={changing.error} />
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={changing.isPending}>
            Save the tags
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}
