import { toDeviceName } from '@porchlight/protocol';
import type { JoinRequest, LiveEvent } from '@porchlight/protocol/api';
import { useCallback, useEffect, useRef } from 'react';
import { useLocation } from 'wouter';
import { useLiveEvents } from '../live/index.ts';
import { hideToast, showToast, wordsOf } from '../ui/index.ts';
import { useAllow, useDeny } from './use-requests.ts';

/** Pages that show the requests themselves; a notice would only stand in the way there. */
const PAGES_WITH_REQUESTS = new Set(['/requests', '/add']);

const toastId = (requestId: string) => `join-${requestId}`;

/** Tells of a device at the door, on whatever page one is, with the code to compare. */
export function JoinRequestNotices() {
  const [path, go] = useLocation();
  const { mutate: allow } = useAllow((device) => {
    showToast({
      tone: 'good',
      title: `${device.name} is in`,
      actions: [{ label: 'Show it', act: () => go(`/devices/${device.id}`) }],
    });
  });
  const { mutate: deny } = useDeny();
  const here = useRef(path);
  useEffect(() => {
    here.current = path;
  }, [path]);

  const refused = useCallback(
    (error: Error) => {
      const { title, hint } = wordsOf(error);
      showToast({
        tone: 'bad',
        title,
        body: hint,
        actions: [{ label: 'Show the request', act: () => go('/requests') }],
      });
    },
    [go],
  );

  const notify = useCallback(
    (request: JoinRequest) => {
      const name = toDeviceName(request.name);
      showToast({
        id: toastId(request.id),
        title: `${request.name} asks to join`,
        body: (
          <>
            <p className="font-mono text-xl font-semibold tracking-widest text-ink">{request.code}</p>
            <p>From {request.address}. Allow it only if the device shows this code.</p>
          </>
        ),
        duration: Math.max(10_000, request.expiresAt - Date.now()),
        actions: [
          {
            label: 'Allow',
            primary: true,
            // Without a usable name the person has to choose one.
            act: () =>
              name === undefined ? go('/requests') : allow({ request, name, tags: [] }, { onError: refused }),
          },
          { label: 'Deny', act: () => deny(request, { onError: refused }) },
        ],
      });
    },
    [allow, deny, go, refused],
  );

  useLiveEvents(
    useCallback(
      (event: LiveEvent) => {
        if (event.type === 'join-request-ended') hideToast(toastId(event.id));
        if (event.type === 'join-request' && !PAGES_WITH_REQUESTS.has(here.current)) notify(event.request);
      },
      [notify],
    ),
  );
  return null;
}
