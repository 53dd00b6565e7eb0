import type { MadeEnrolmentToken, Me } from '@porchlight/protocol/api';
import { useState } from 'react';
import { Link } from 'wouter';
import { formatInstant, plural } from '../format/index.ts';
import { NewTokenForm } from '../tokens/index.ts';
import { Button, Commands } from '../ui/index.ts';
import { afterJoining } from './commands.ts';
import { JoinCommands, Step } from './steps.tsx';

/** Many devices, or one without a screen: a token lets them in without a person. */
export function ByToken({ me }: { me: Me }) {
  const [token, setToken] = useState<MadeEnrolmentToken>();
  return (
    <>
      <Step number={1} title="Make a token">
        {token === undefined ? (
          <NewTokenForm onMade={setToken} />
        ) : (
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p role="status">
              The token is in the command below, for {plural(token.usesLeft, 'device')}, until{' '}
              {formatInstant(token.expiresAt)}. It is not shown again.{' '}
              <Link href="/tokens" className="text-accent underline">
                All tokens
              </Link>
            </p>
            <Button small onClick={() => setToken(undefined)}>
              Another token
            </Button>
          </div>
        )}
      </Step>
      <Step number={2} title="On each device">
        <JoinCommands me={me} token={token?.token ?? 'TOKEN'} />
        <Commands label="Commands to expose and run" lines={afterJoining} />
        <p className="text-sm text-muted">
          Each device takes its own host name as its name. Add <code className="font-mono">--name NAME</code>{' '}
          to choose another.
        </p>
      </Step>
    </>
  );
}
