/** What fingers want of a graph, as shares of its width. */
export interface TouchMoves {
  /** The finger has moved so far to the right. */
  pan(share: number): void;
  /** Two fingers show `factor` as much as before around the middle. */
  zoom(factor: number): void;
}

/** A move shorter than that, in pixels, is a tap. */
const SLACK = 12;

/**
 * Panning with one finger and zooming with two; up and down go on scrolling the page. The move is told once, at its
 * end: each costs the home an answer.
 * @returns what ends it
 */
export function listenToTouch(element: HTMLElement, moves: TouchMoves): () => void {
  const fingers = new Map<number, { start: number; now: number }>();
  const stop = new AbortController();
  const { signal } = stop;
  let pinched = false;
  element.style.touchAction = 'pan-y';

  const spread = (which: 'start' | 'now'): number => {
    const [a, b] = [...fingers.values()];
    return a && b ? Math.abs(a[which] - b[which]) : 0;
  };
  element.addEventListener(
    'pointerdown',
    ({ pointerType, pointerId, clientX }) => {
      if (pointerType !== 'touch' || fingers.size >= 2) return;
      fingers.set(pointerId, { start: clientX, now: clientX });
      pinched = fingers.size === 2;
    },
    { signal },
  );
  element.addEventListener(
    'pointermove',
    ({ pointerId, clientX }) => {
      const finger = fingers.get(pointerId);
      if (finger) finger.now = clientX;
    },
    { signal },
  );
  element.addEventListener(
    'pointerup',
    ({ pointerId }) => {
      const finger = fingers.get(pointerId);
      if (!finger) return;
      if (fingers.size === 2) {
        const [before, after] = [spread('start'), spread('now')];
        if (before > SLACK && after > SLACK) moves.zoom(Math.min(10, Math.max(0.1, before / after)));
      } else if (!pinched && Math.abs(finger.now - finger.start) > SLACK) {
        moves.pan((finger.now - finger.start) / Math.max(1, element.clientWidth));
      }
      // After a pinch the other finger does not pan as well.
      fingers.clear();
    },
    { signal },
  );
  element.addEventListener('pointercancel', ({ pointerId }) => fingers.delete(pointerId), { signal });
  return () => stop.abort();
}
