export { LiveProvider, useLiveEvents, useStreamState } from './live-provider.tsx';
export { isStale } from './stream-state.ts';
