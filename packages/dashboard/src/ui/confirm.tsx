import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { Actions, Dialog } from './dialog.tsx';
import { ErrorNote } from './notes.tsx';

interface ConfirmProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** What will happen, and what will not. */
  readonly children: ReactNode;
  /** Label of the button that does it. */
  readonly action: string;
  readonly act: () => Promise<unknown>;
}

/** Asks before something that cannot be taken back. Stays open, with the error, when it fails. */
export function Confirm({ open, onClose, title, children, action, act }: ConfirmProps) {
  const doing = useMutation({ mutationFn: act, onSuccess: onClose });
  function close() {
    doing.reset();
    onClose();
  }
  return (
    <Dialog open={open} onClose={close} title={title}>
      <div className="grid gap-4">
        <div className="grid gap-2">{children}</div>
        <ErrorNote error={doing.error} />
        <Actions>
          <Button onClick={close}>Cancel</Button>
          <Button look="danger" busy={doing.isPending} onClick={() => doing.mutate()}>
            {action}
          </Button>
        </Actions>
      </div>
    </Dialog>
  );
}
