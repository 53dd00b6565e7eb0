import { useQuery } from '@tanstack/react-query';
import { ChevronLeft } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { Link } from 'wouter';
import { api, keys } from '../api/index.ts';
import { Countdown } from '../format/index.ts';
import { useTitle } from '../page/index.ts';
import { Button, ErrorNote } from '../ui/index.ts';
import { type Proof, TerminalConnection, type TerminalState } from './connection.ts';
import { judgeHostKey, rememberHostKey } from './known-hosts.ts';
import { HostKeyQuestion, PromptsForm } from './questions.tsx';
import { Screen } from './screen.tsx';
import { shellTarget } from './shell-target.ts';
import { SignInForm } from './sign-in-form.tsx';
import { useVisibleHeight } from './visible-height.ts';

/** A full-page terminal of one device, over its own SSH server. */
export default function TerminalPage({ id }: { id: string }) {
  const query = useQuery({ queryKey: keys.device(id), queryFn: ({ signal }) => api.device(id, signal) });
  const name = query.data?.name ?? 'Device';
  const target = (query.data && shellTarget(query.data)) ?? { service: undefined };
  useTitle(`Terminal of ${name}`);
  const frame = useVisibleHeight();
  const [user, setUser] = useState('root');
  const [state, setState] = useState<TerminalState>();
  const [connection, setConnection] = useState<TerminalConnection>();
  // An open shell stays on the screen when it has ended: what it said last is read most.
  const [shown, setShown] = useState(false);
  useEffect(() => () => connection?.close(), [connection]);

  function hear(made: () => TerminalConnection | undefined, next: TerminalState) {
    if (next.kind === 'host-key' && judgeHostKey(id, next.hostKey).kind === 'known') {
      made()?.acceptHostKey(true);
      return;
    }
    if (next.kind === 'open') setShown(true);
    setState(next);
  }
  function connect(asUser: string, proof: Proof) {
    setUser(asUser);
    setShown(false);
    setState({ kind: 'connecting' });
    const url = `${location.origin.replace(/^http/, 'ws')}/api/devices/${id}/terminal`;
    const made: TerminalConnection = new TerminalConnection({
      url,
      user: asUser,
      target,
      proof,
      onState: (next) => hear(() => made, next),
    });
    setConnection(made);
  }
  function again() {
    connection?.close();
    setConnection(undefined);
    setShown(false);
    setState(undefined);
  }

  return (
    <div ref={frame} data-full-page className="grid h-dvh grid-rows-[auto_1fr] overflow-hidden bg-ground">
      <header className="flex min-h-12 items-center gap-2 border-b border-line px-2">
        <Link
          href={`/devices/${id}`}
          className="inline-flex min-h-9 shrink-0 items-center gap-1 rounded-lg px-1 text-sm text-muted hover:text-ink"
        >
          <ChevronLeft size={16} aria-hidden />
          <span className="sr-only">Back to </span>Device
        </Link>
        <h1 className="min-w-0 flex-1 truncate text-center font-semibold">
          {state === undefined ? name : `${user}@${name}`}
        </h1>
        {state !== undefined && state.kind !== 'ended' ? (
          <Button small onClick={again}>
            Hang up
          </Button>
        ) : (
          <span className="w-14" />
        )}
      </header>
      {shown && connection !== undefined ? (
        <div className="grid min-h-0 grid-rows-[1fr_auto]">
          <Screen connection={connection} live={state?.kind === 'open'} />
          {state?.kind === 'ended' && (
            <EndedNote state={state}>
              <Button look="primary" small onClick={again}>
                Connect again
              </Button>
            </EndedNote>
          )}
        </div>
      ) : (
        <main className="min-h-0 overflow-y-auto">
          <div className="mx-auto grid max-w-md gap-4 px-4 py-6">
            {query.isError && <ErrorNote error={query.error} onRetry={query.refetch} />}
            {stage()}
          </div>
        </main>
      )}
    </div>
  );

  function stage(): ReactNode {
    if (query.isPending) return <p role="status">Looking for the device…</p>;
    if (state === undefined || connection === undefined) {
      return <SignInForm user={user} onSubmit={connect} />;
    }
    switch (state.kind) {
      case 'connecting':
        return <p role="status">Connecting to {name}…</p>;
      case 'waiting':
        return (
          <p role="status">
            {name} calls home and is not connected now. Its next call is expected in{' '}
            <Countdown at={state.dueAt} />; the terminal opens by itself when it comes.
          </p>
        );
      case 'host-key':
        return (
          <HostKeyQuestion
            hostKey={state.hostKey}
            judgement={judgeHostKey(id, state.hostKey)}
            onAnswer={(accept) => {
              if (accept) rememberHostKey(id, state.hostKey);
              connection.acceptHostKey(accept);
            }}
          />
        );
      case 'refused':
        return (
          <SignInForm
            user={user}
            again
            refused={state.why}
            onSubmit={(_, proof) => connection.prove(proof)}
          />
        );
      case 'prompts':
        return <PromptsForm {...state} onAnswer={(answers) => connection.answer(answers)} />;
      case 'open':
        return null;
      case 'ended':
        return (
          <>
            <EndedNote state={state} />
            <SignInForm user={user} onSubmit={connect} />
          </>
        );
    }
  }
}

function EndedNote({
  state,
  children,
}: {
  state: Extract<TerminalState, { kind: 'ended' }>;
  children?: ReactNode;
}) {
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center justify-between gap-3 border-t border-line bg-glow p-3 text-sm in-[main]:rounded-lg"
    >
      <div className="grid min-w-0 gap-0.5">
        <p className="font-semibold">{state.why}</p>
        {state.hint !== undefined && <p className="text-muted">{state.hint}</p>}
      </div>
      {children}
    </div>
  );
}
