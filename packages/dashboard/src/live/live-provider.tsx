import type { LiveEvent } from '@porchlight/protocol/api';
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import { leaveToSignIn } from '../session/index.ts';
import { applyEvent } from './apply-event.ts';
import { createLiveStream, type LiveStream } from './live-stream.ts';
import { initialStreamState, type StreamState } from './stream-state.ts';

type Listener = (event: LiveEvent) => void;

interface Live {
  readonly stream: Pick<LiveStream, 'state' | 'subscribe'>;
  readonly listeners: Set<Listener>;
}

const LiveContext = createContext<Live>({
  stream: { state: () => initialStreamState, subscribe: () => () => undefined },
  listeners: new Set(),
});

/** Holds the live stream open for all that is inside, and keeps the cache up to date with it. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const cache = useQueryClient();
  const [live] = useState(() => {
    const listeners = new Set<Listener>();
    const stream = createLiveStream({
      onEvent(event) {
        applyEvent(cache, event);
        for (const listener of listeners) listener(event);
      },
      onReopened: () => void cache.invalidateQueries(),
      onRefused: leaveToSignIn,
    });
    return { stream, listeners };
  });
  useEffect(() => live.stream.open(), [live]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

/** How the live stream is doing. */
export function useStreamState(): StreamState {
  const { stream } = useContext(LiveContext);
  return useSyncExternalStore(stream.subscribe, stream.state);
}

/** Calls back for each live event while the component is there; pass a stable function. */
export function useLiveEvents(listener: Listener): void {
  const { listeners } = useContext(LiveContext);
  useEffect(() => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, [listeners, listener]);
}
