import type { ReactNode } from 'react';

export interface ToastAction {
  readonly label: string;
  readonly primary?: boolean;
  readonly act: () => void;
}

export interface Toast {
  readonly id: string;
  readonly title: string;
  readonly body?: ReactNode;
  readonly tone: 'plain' | 'good' | 'bad';
  readonly actions: readonly ToastAction[];
  /** How long it stays, in ms; Infinity: until answered or taken away. */
  readonly duration: number;
}

/** Notices at the edge of the page. Our own store: ready-made ones put their style into the page, which our policy forbids. */
let toasts: readonly Toast[] = [];
let count = 0;
const listeners = new Set<() => void>();
/** More than this many at once help nobody; the oldest go. */
const SHOWN_MAX = 4;

function set(next: readonly Toast[]): void {
  toasts = next.slice(-SHOWN_MAX);
  for (const listener of listeners) listener();
}

export const toastStore = {
  get: () => toasts,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};

/** Shows a notice; one with the same id is replaced. */
export function showToast(toast: Partial<Toast> & Pick<Toast, 'title'>): void {
  const id = toast.id ?? `toast-${++count}`;
  const full: Toast = {
    tone: 'plain',
    actions: [],
    duration: toast.tone === 'bad' ? 12_000 : 5000,
    ...toast,
    id,
  };
  set([...toasts.filter((each) => each.id !== id), full]);
}

export function hideToast(id: string): void {
  set(toasts.filter((each) => each.id !== id));
}
