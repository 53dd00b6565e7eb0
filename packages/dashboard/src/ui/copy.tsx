import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from './button.tsx';
import { showToast } from './toast-store.ts';

/** Copies a text, and says that it did. */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);

  function copy() {
    // The clipboard is there on secure origins only; the text stays selectable everywhere.
    const writing: Promise<void> | undefined = navigator.clipboard?.writeText(text);
    if (writing === undefined) return refused();
    writing.then(() => setCopied(true), refused);
  }
  function refused() {
    showToast({
      tone: 'bad',
      title: 'The browser did not let us copy',
      body: 'Select the text and copy it by hand.',
    });
  }

  const Icon = copied ? Check : Copy;
  return (
    <Button small onClick={copy} aria-label={label}>
      <Icon size={16} aria-hidden />
      <span aria-live="polite">{copied ? 'Copied' : 'Copy'}</span>
    </Button>
  );
}

/** Commands to paste into a terminal, with a button that copies them. */
export function Commands({
  label,
  lines,
  wrap = false,
}: {
  label: string;
  lines: readonly string[];
  /** Show long lines whole; what is copied has no more breaks than they have. */
  wrap?: boolean;
}) {
  return (
    <div className="relative rounded-lg bg-raised">
      <pre
        // A scrolling region has to be reachable by keyboard.
        tabIndex={0}
        aria-label={label}
        className={`overflow-x-auto px-3 pt-3 pb-14 font-mono text-sm leading-6 sm:py-3 sm:pr-28 ${wrap ? 'break-all whitespace-pre-wrap' : ''}`}
      >
        <code>{lines.join('\n')}</code>
      </pre>
      <div className="absolute right-2 bottom-2 sm:top-2 sm:bottom-auto">
        <CopyButton text={lines.join('\n')} label={`Copy: ${label}`} />
      </div>
    </div>
  );
}

/** A secret that is shown once. */
export function SecretOnce({ label, secret }: { label: string; secret: string }) {
  return (
    <div className="grid gap-2">
      <Commands label={label} lines={[secret]} />
      <p className="text-sm text-muted">Copy it now: it is shown this once and never again.</p>
    </div>
  );
}
