import type { LinkState } from '@porchlight/protocol/api';
import { Ago, formatBytes, formatDuration, plural } from '../format/index.ts';

/** How a device that calls home is doing, in one line; nothing for a device that never does. */
export function CallHomeLine({ link }: { link: LinkState }) {
  const { callHome } = link;
  if (callHome === undefined) return null;
  return (
    <p className="text-sm text-muted" data-testid="calls-home">
      Calls home every {formatDuration(callHome.intervalSeconds * 1000)}, last <Ago at={callHome.lastAt} />
      {callHome.bytesLastHour > 0 && `, ${formatBytes(callHome.bytesLastHour)} in the last hour`}
      {callHome.waiting > 0 && `; ${plural(callHome.waiting, 'request')} for it to fetch`}
    </p>
  );
}
