import { SCOPE_WORDS, type Scope } from '@porchlight/protocol';
import type { ConsentAnswer, ConsentRequest } from '@porchlight/protocol/api';
import { useState } from 'react';
import { useMe } from '../session/index.ts';
import { Button, ErrorNote, Note } from '../ui/index.ts';
import { AppLogo } from './app-logo.tsx';
import { BridgeChoice } from './bridge-choice.tsx';
import { CheckRow } from './check-row.tsx';
import { answerOf, firstChoice, missing, withScope } from './choice.ts';
import { lastingWords, makerWords, returnWords } from './consent-words.ts';
import { DeviceChoice } from './device-choice.tsx';

/** These let a program do what cannot be taken back. */
const STRONG: ReadonlySet<Scope> = new Set(['shell', 'manage']);

/** Who wants what on which devices, with the choice to give less. */
export function ConsentForm(props: {
  asked: ConsentRequest;
  busy: boolean;
  error: Error | null;
  onAnswer: (answer: ConsentAnswer) => void;
}) {
  const { asked, busy } = props;
  const { app } = asked;
  const me = useMe();
  const [chosen, setChosen] = useState(() => firstChoice(asked));
  const fault = missing(chosen, asked);
  const nothingThere = asked.devices?.length === 0;
  return (
    <div className="grid gap-5">
      <div className="flex items-center gap-3">
        <AppLogo app={app} size={56} />
        <div className="min-w-0">
          <p className="text-lg font-semibold break-words">{app.name}</p>
          <p className="text-sm text-muted">{makerWords(app)}</p>
        </div>
      </div>
      {asked.scopes.length > 0 && (
        <fieldset className="grid">
          <legend className="pb-1 font-semibold">It wants to</legend>
          {asked.scopes.map((scope) => (
            <CheckRow
              key={scope}
              checked={chosen.scopes.includes(scope)}
              onChange={(on) => setChosen(withScope(chosen, scope, on))}
              label={SCOPE_WORDS[scope]}
              strong={STRONG.has(scope)}
            />
          ))}
        </fieldset>
      )}
      {asked.signIn && <p>It learns the name of your account.</p>}
      {asked.scopes.length > 0 && !nothingThere && (
        <fieldset className="grid">
          <legend className="pb-1 font-semibold">On</legend>
          {asked.hue ? (
            <BridgeChoice asked={asked} chosen={chosen} onChange={setChosen} />
          ) : (
            <DeviceChoice asked={asked} chosen={chosen} onChange={setChosen} />
          )}
        </fieldset>
      )}
      {asked.unknown.length > 0 && (
        <Note>
          <p>
            It {nothingThere ? '' : 'also '}asked for <strong>{asked.unknown.join(', ')}</strong>, which you
            do not have. {nothingThere ? 'So there is nothing to allow.' : 'That is left out.'}
          </p>
        </Note>
      )}
      <p className="text-sm text-muted">
        {me ? `You are signed in as ${me.account.name}. ` : ''}
        {lastingWords(asked.lasting)} {returnWords(asked.returnsTo)}
      </p>
      <ErrorNote error={props.error} />
      {/* Room is kept for it, so that the buttons stay where they are. */}
      <p aria-live="polite" className="min-h-6 text-sm">
        {nothingThere ? '' : fault}
      </p>
      <div className="grid grid-cols-2 gap-3">
        <Button busy={busy} onClick={() => props.onAnswer({ allow: false })}>
          Deny
        </Button>
        <Button
          look="primary"
          busy={busy}
          disabled={fault !== undefined || nothingThere}
          onClick={() => props.onAnswer(answerOf(chosen))}
        >
          Allow
        </Button>
      </div>
    </div>
  );
}
