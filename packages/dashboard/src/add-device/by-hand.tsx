import type { Device, Me } from '@porchlight/protocol/api';
import { useState } from 'react';
import { Link } from 'wouter';
import { JoinRequestList } from '../join-requests/index.ts';
import { buttonClass, Commands, Lantern } from '../ui/index.ts';
import { afterJoining } from './commands.ts';
import { JoinCommands, Step } from './steps.tsx';

/** One device: paste, compare the code, Allow. */
export function ByHand({ me }: { me: Me }) {
  const [allowed, setAllowed] = useState<Device>();
  return (
    <>
      <Step number={1} title="Ask to join, on the device">
        <JoinCommands me={me} />
      </Step>
      <Step number={2} title="Allow it here">
        {allowed ? (
          <p role="status" className="flex items-center gap-3 rounded-xl bg-good-soft p-4">
            <Lantern lit />
            <span>
              <strong>{allowed.name}</strong> is in.
            </span>
          </p>
        ) : (
          <JoinRequestList onAllowed={setAllowed} empty={<Waiting />} />
        )}
      </Step>
      <Step number={3} title="Say what to offer, and stay connected">
        <p className="text-muted">
          Only what you expose on the device can be reached. This offers a web page on port 80 under the name
          “web”:
        </p>
        <Commands label="Commands to expose and run" lines={afterJoining} />
        {allowed && (
          <Link href={`/devices/${allowed.id}`} className={`justify-self-start ${buttonClass('primary')}`}>
            To the page of {allowed.name}
          </Link>
        )}
      </Step>
    </>
  );
}

/** Shown until a device asks. */
export function Waiting() {
  return (
    <div role="status" className="flex items-center gap-4 rounded-xl bg-raised p-4">
      <span className="animate-breathe">
        <Lantern lit size={40} />
      </span>
      <div>
        <p className="font-medium">Waiting for the device to ask…</p>
        <p className="text-sm text-muted">It appears here at once, with the code that it shows.</p>
      </div>
    </div>
  );
}
