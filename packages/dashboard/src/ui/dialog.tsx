import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';

interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** One sentence under the title. */
  readonly lead?: ReactNode;
  readonly children: ReactNode;
}

/**
 * A modal dialog. Radix keeps the focus inside, and its `Overlay` is left out on purpose: that part adds a style
 * element, which the page's Content-Security-Policy forbids; style.css keeps the page behind from scrolling.
 */
export function Dialog({ open, onClose, title, lead, children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Radix.Portal>
        <div className="fixed inset-0 z-40 bg-black/50" />
        <Radix.Content
          data-modal
          {...(lead === undefined ? { 'aria-describedby': undefined } : {})}
          className="fixed inset-x-3 top-[max(1rem,10dvh)] z-50 mx-auto max-h-[85dvh] max-w-lg animate-arrive overflow-y-auto overscroll-contain rounded-2xl border border-line bg-surface p-5 shadow-xl sm:p-6"
        >
          <div className="mb-4 grid gap-1 pr-10">
            <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
            {lead !== undefined && <Radix.Description className="text-muted">{lead}</Radix.Description>}
          </div>
          {children}
          <Radix.Close
            className="absolute top-4 right-4 inline-flex size-10 items-center justify-center rounded-lg text-muted hover:bg-raised"
            aria-label="Close"
          >
            <X size={20} aria-hidden />
          </Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** The row of buttons at the end of a dialog or form. */
export function Actions({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap justify-end gap-2 pt-2">{children}</div>;
}
