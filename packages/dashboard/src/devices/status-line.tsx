import type { LinkState } from '@porchlight/protocol/api';
import { Since } from '../format/index.ts';

/** Is it there, and since when: a dot and words, so that colour is not all there is. */
export function StatusLine({ link }: { link: LinkState }) {
  const word = link.up ? (link.paused ? 'Online, paused at the device' : 'Online') : 'Offline';
  return (
    <p
      className="flex items-center gap-2 text-sm"
      data-testid="device-status"
      data-state={link.up ? 'up' : 'down'}
    >
      <span
        aria-hidden
        className={`size-2 shrink-0 rounded-full ${link.up ? (link.paused ? 'bg-lamp' : 'bg-good') : 'bg-off'}`}
      />
      <span className={link.up ? 'text-ink' : 'text-muted'}>
        {word}
        {link.paused && link.up ? null : link.since !== undefined ? (
          <>
            {' for '}
            <Since at={link.since} />
          </>
        ) : (
          !link.up && ', not seen yet'
        )}
      </span>
    </p>
  );
}
