import { Menu, X } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { useState } from 'react';
import { Logo } from './doorstep.tsx';
import { Nav } from './nav.tsx';
import { Person } from './person.tsx';

/** The phone's menu: the same pages, behind one button. */
export function MenuSheet() {
  const [open, setOpen] = useState(false);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger
        aria-label="Menu"
        className="inline-flex size-11 items-center justify-center rounded-lg hover:bg-raised"
      >
        <Menu size={22} aria-hidden />
      </Dialog.Trigger>
      <Dialog.Portal>
        <div className="fixed inset-0 z-40 bg-black/50" />
        <Dialog.Content
          data-modal
          aria-describedby={undefined}
          className="fixed inset-y-0 right-0 z-50 grid w-[min(20rem,88vw)] animate-arrive grid-rows-[auto_1fr_auto] gap-4 overflow-y-auto bg-surface p-4 shadow-xl"
        >
          <div className="flex items-center justify-between">
            <Dialog.Title className="sr-only">Menu</Dialog.Title>
            <Logo />
            <Dialog.Close
              aria-label="Close"
              className="inline-flex size-11 items-center justify-center rounded-lg hover:bg-raised"
            >
              <X size={22} aria-hidden />
            </Dialog.Close>
          </div>
          <Nav onGo={() => setOpen(false)} />
          <Person />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
