import type { Forward } from '@porchlight/protocol/api';
import { ExternalLink } from 'lucide-react';
import { Link } from 'wouter';
import { Countdown, formatBytes, plural } from '../format/index.ts';
import { Button, buttonClass, Commands, Pill } from '../ui/index.ts';
import { targetOf } from './forward-words.ts';
import { useCloseForward } from './use-forwards.ts';

/** One forward: what to type to use it, or what it waits for; how it is used; its end. */
export function ForwardCard({ forward, withDevice }: { forward: Forward; withDevice: boolean }) {
  const closing = useCloseForward();
  const target = targetOf(forward);
  const name = `${forward.deviceName}, ${target}`;
  return (
    <li
      data-testid="forward"
      aria-label={name}
      className="grid min-w-0 gap-3 rounded-xl border border-line bg-surface p-3 sm:p-4"
    >
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="flex min-w-0 flex-wrap items-center gap-2 font-semibold">
          {withDevice && (
            <Link href={`/devices/${forward.deviceId}`} className="underline-offset-2 hover:underline">
              {forward.deviceName}
            </Link>
          )}
          <span>{target}</span>
          {forward.state === 'open' ? <Pill tone="good">open</Pill> : <Pill tone="lamp">waiting</Pill>}
        </h3>
        <div className="flex flex-wrap gap-2">
          {forward.address.startsWith('http') && (
            <a
              href={forward.address}
              target="_blank"
              rel="noopener"
              aria-label={`Open ${name}`}
              className={buttonClass('plain', true)}
            >
              Open
              <ExternalLink size={15} aria-hidden />
            </a>
          )}
          <Button
            small
            busy={closing.isPending}
            aria-label={`Close ${name}`}
            onClick={() => closing.mutate(forward.id)}
          >
            Close
          </Button>
        </div>
      </div>
      {forward.waiting !== undefined && <Waiting waiting={forward.waiting} />}
      <Commands label={`How to reach ${name}`} lines={[forward.address]} />
      <p className="text-sm text-muted">
        Ends in <Countdown at={forward.expiresAt} />
        {` · ${plural(forward.connections, 'connection')} now, ${forward.connectionsTotal} in all`}
        {` · ${formatBytes(forward.bytesIn)} from the device, ${formatBytes(forward.bytesOut)} to it`}
        {forward.refused > 0 && ` · ${forward.refused} turned away`}
      </p>
      <p className="text-sm break-words text-muted">
        {forward.allow.length === 0
          ? 'For everybody who reaches the port'
          : `For ${forward.allow.join(', ')} only`}
        {forward.host === 'localhost' && ', on the relay itself'}
        {` · asked for by ${forward.createdBy}`}
      </p>
      {forward.lastFailure !== undefined && (
        <p className="text-sm text-bad">Last connection that failed: {forward.lastFailure}</p>
      )}
    </li>
  );
}

function Waiting({ waiting }: { waiting: NonNullable<Forward['waiting']> }) {
  return (
    <div className="grid gap-2 rounded-lg bg-glow p-3 text-sm">
      <p role="status">{waiting.reason}</p>
      {waiting.dueAt !== undefined && !waiting.read && (
        <p className="text-muted">
          Next call in <Countdown at={waiting.dueAt} />. Who connects meanwhile is held until then.
        </p>
      )}
    </div>
  );
}
