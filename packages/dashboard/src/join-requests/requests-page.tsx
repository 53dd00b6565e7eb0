import { Link, useLocation, useSearchParams } from 'wouter';
import { useTitle } from '../page/index.ts';
import { buttonClass, Empty, Lantern, PageHead, showToast } from '../ui/index.ts';
import { LanRequestList, useWaitingLanRequests } from '../wifi-devices/index.ts';
import { JoinRequestList } from './request-list.tsx';

/** Devices that ask to be let in. The address that a device shows leads here with its code, `?code=`. */
export function JoinRequestsPage() {
  useTitle('Join requests');
  const [, go] = useLocation();
  const [params] = useSearchParams();
  const isAnybody = useWaitingLanRequests().length > 0;
  return (
    <>
      <PageHead title="Join requests" lead="Devices that ask to be let in. Each waits for ten minutes." />
      <LanRequestList />
      <JoinRequestList
        code={params.get('code') ?? undefined}
        onAllowed={(device) => {
          showToast({ tone: 'good', title: `${device.name} is in` });
          go(`/devices/${device.id}`);
        }}
        empty={
          !isAnybody && (
            <Empty title="Nobody is at the door" art={<Lantern lit={false} size={44} />}>
              <p>When a device asks to join, it appears here at once, with the code that it shows.</p>
              <Link href="/add" className={buttonClass()}>
                How to add a device
              </Link>
            </Empty>
          )
        }
      />
    </>
  );
}
