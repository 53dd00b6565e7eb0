import type { Me } from '@porchlight/protocol/api';
import type { ReactNode } from 'react';
import { Commands, Note } from '../ui/index.ts';
import { joinCommands, needsAuthority } from './commands.ts';

/** A numbered part of the way in. */
export function Step({ number, title, children }: { number: number; title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="grid gap-4 rounded-2xl border border-line bg-surface p-4 sm:p-5">
      <h2 className="flex items-center gap-3 font-semibold">
        <span
          aria-hidden
          className="inline-flex size-7 shrink-0 items-center justify-center rounded-full bg-lamp text-sm text-on-lamp"
        >
          {number}
        </span>
        {title}
      </h2>
      {children}
    </section>
  );
}

/** The commands that fetch the agent and ask to be let in. */
export function JoinCommands({ me, token }: { me: Me; token?: string }) {
  const { relay } = me;
  const missing = relay.agentSha256 === undefined;
  return (
    <>
      <p className="text-muted">
        In a terminal on the device. It needs Node.js 20.19 or newer; see with{' '}
        <code className="font-mono">node --version</code>.
      </p>
      {missing && (
        <Note>
          <p className="font-semibold">This relay has no agent to download</p>
          <p>
            Build it on the relay with <code className="font-mono">npm run build</code>, or copy
            porchlight.mjs to the device yourself; then only the last line is needed.
          </p>
        </Note>
      )}
      <Commands label="Commands to join" lines={joinCommands(me, token)} />
      {needsAuthority(relay) && (
        <div className="grid gap-1 text-sm text-muted">
          <p>
            This relay made its own certificate, which curl does not know; hence{' '}
            <code className="font-mono">-k</code>.
            {!missing && ' The agent is run only if its SHA-256 is this one:'}
          </p>
          {!missing && <code className="font-mono break-all text-ink">{relay.agentSha256}</code>}
        </div>
      )}
      {!needsAuthority(relay) && !missing && (
        <details className="text-sm text-muted">
          <summary className="cursor-pointer">SHA-256 of porchlight.mjs</summary>
          <code className="font-mono break-all">{relay.agentSha256}</code>
        </details>
      )}
    </>
  );
}
