import type { LanRequest, LiveEvent } from '@porchlight/protocol/api';
import { useCallback, useEffect, useRef } from 'react';
import { useLocation } from 'wouter';
import { useLiveEvents } from '../live/index.ts';
import { hideToast, showToast, wordsOf } from '../ui/index.ts';
import { useLanAnswer } from './use-lan.ts';

/** More at once are told of in one notice. */
const EACH_MAX = 2;
const SHOWN_MS = 60_000;

const toastId = ({ deviceId, id }: LanRequest) => `lan-${deviceId}-${id}`;
/** A device that begins anew has another code, and is told of again. */
const keyOf = (request: LanRequest) => `${toastId(request)} ${request.code ?? ''}`;

/** Tells of WiFi devices at the door, on whatever page one is, with the code to compare. */
export function LanRequestNotices() {
  const [path, go] = useLocation();
  const { mutate } = useLanAnswer((request, answer) => {
    hideToast(toastId(request));
    if (answer === 'allow') showToast({ tone: 'good', title: `${request.name} is let in` });
  });
  const here = useRef(path);
  useEffect(() => {
    here.current = path;
  }, [path]);
  /** By base station: what was told of. */
  const known = useRef(new Map<string, Map<string, LanRequest>>());

  const notify = useCallback(
    (request: LanRequest) => {
      const { name, code, deviceName, deviceId } = request;
      const show = () => go(`/devices/${deviceId}`);
      const onError = (error: Error) => {
        const { title, detail, hint } = wordsOf(error);
        showToast({ tone: 'bad', title, body: detail ?? hint, actions: [{ label: 'Show it', act: show }] });
      };
      const canAnswer = request.answerable && code !== undefined;
      showToast({
        id: toastId(request),
        title: `${name} asks ${deviceName} to be let in`,
        body:
          code === undefined ? (
            <p>A WiFi device at {request.address}.</p>
          ) : (
            <>
              <p className="font-mono text-xl font-semibold tracking-widest text-ink">{code}</p>
              <p>A WiFi device. Allow it only if it shows this code.</p>
            </>
          ),
        duration: SHOWN_MS,
        actions: canAnswer
          ? [
              { label: 'Allow', primary: true, act: () => mutate({ request, answer: 'allow' }, { onError }) },
              { label: 'Deny', act: () => mutate({ request, answer: 'deny' }, { onError }) },
            ]
          : [{ label: 'Show it', primary: true, act: show }],
      });
    },
    [go, mutate],
  );

  useLiveEvents(
    useCallback(
      (event: LiveEvent) => {
        if (event.type !== 'lan-requests') return;
        const { deviceId } = event;
        const waiting = new Map(
          event.requests.filter(({ state }) => state === 'waiting').map((one) => [keyOf(one), one]),
        );
        const before = known.current.get(deviceId) ?? new Map<string, LanRequest>();
        known.current.set(deviceId, waiting);
        for (const [key, request] of before) if (!waiting.has(key)) hideToast(toastId(request));
        const isShown = ['/requests', `/devices/${deviceId}`].includes(here.current);
        const fresh = [...waiting].filter(([key]) => !before.has(key)).map(([, request]) => request);
        if (isShown || fresh.length === 0) return;
        if (fresh.length <= EACH_MAX) return fresh.forEach(notify);
        showToast({
          id: `lan-${deviceId}`,
          title: `${fresh.length} WiFi devices ask ${fresh[0]?.deviceName} to be let in`,
          duration: SHOWN_MS,
          actions: [{ label: 'Show them', primary: true, act: () => go('/requests') }],
        });
      },
      [go, notify],
    ),
  );
  return null;
}
