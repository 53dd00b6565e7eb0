import { X } from 'lucide-react';
import { Toast as Radix } from 'radix-ui';
import { useSyncExternalStore } from 'react';
import { Button } from './button.tsx';
import { hideToast, type Toast, toastStore } from './toast-store.ts';

const EDGES = { plain: 'border-l-lamp', good: 'border-l-good', bad: 'border-l-bad' };

function ToastCard({ toast }: { toast: Toast }) {
  return (
    <Radix.Root
      duration={toast.duration}
      type={toast.actions.length > 0 || toast.tone === 'bad' ? 'foreground' : 'background'}
      onOpenChange={(open) => open || hideToast(toast.id)}
      className={`relative grid w-full animate-arrive gap-2 rounded-xl border border-l-4 border-line bg-surface p-4 pr-11 shadow-lg ${EDGES[toast.tone]}`}
    >
      <Radix.Title className="font-semibold">{toast.title}</Radix.Title>
      {toast.body !== undefined && (
        <Radix.Description asChild>
          <div className="text-sm text-muted">{toast.body}</div>
        </Radix.Description>
      )}
      {toast.actions.length > 0 && (
        <div className="flex flex-wrap gap-2 pt-1">
          {toast.actions.map((action) => (
            <Radix.Action key={action.label} altText={action.label} asChild>
              <Button small look={action.primary ? 'primary' : 'plain'} onClick={action.act}>
                {action.label}
              </Button>
            </Radix.Action>
          ))}
        </div>
      )}
      <Radix.Close
        aria-label="Dismiss"
        className="absolute top-2 right-2 inline-flex size-9 items-center justify-center rounded-lg text-muted hover:bg-raised"
      >
        <X size={18} aria-hidden />
      </Radix.Close>
    </Radix.Root>
  );
}

/** Where notices appear. F8 brings the keyboard to them. */
export function Toasts() {
  const toasts = useSyncExternalStore(toastStore.subscribe, toastStore.get);
  return (
    <Radix.Provider label="Notice" swipeDirection="right">
      {toasts.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
      <Radix.Viewport className="fixed right-3 bottom-3 z-[60] grid w-[min(24rem,calc(100vw-1.5rem))] gap-2 outline-none" />
    </Radix.Provider>
  );
}
