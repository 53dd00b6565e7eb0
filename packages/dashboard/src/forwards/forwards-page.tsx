import { Link } from 'wouter';
import { useTitle } from '../page/index.ts';
import { buttonClass, Empty, ErrorNote, PageHead, SkeletonRows } from '../ui/index.ts';
import { ForwardCard } from './forward-card.tsx';
import { useForwards } from './use-forwards.ts';

/** The forwards to all devices of the account. */
export function ForwardsPage() {
  useTitle('Forwards');
  const forwards = useForwards();
  const items = forwards.data?.items ?? [];
  return (
    <>
      <PageHead
        title="Forwards"
        lead="Ports on the relay that lead to a TCP port of a device for a while, and end by themselves."
      />
      <ErrorNote error={forwards.error} onRetry={forwards.refetch} />
      {forwards.isPending && <SkeletonRows count={2} className="h-40 rounded-xl" />}
      {forwards.data !== undefined && items.length === 0 && (
        <Empty title="No forwards">
          <p>Open one on the page of a device, or with “forward” over your own ssh.</p>
          <Link href="/" className={buttonClass()}>
            To the devices
          </Link>
        </Empty>
      )}
      {items.length > 0 && (
        <ul aria-label="Forwards" className="grid gap-3">
          {items.map((forward) => (
            <ForwardCard key={forward.id} forward={forward} withDevice />
          ))}
        </ul>
      )}
    </>
  );
}
