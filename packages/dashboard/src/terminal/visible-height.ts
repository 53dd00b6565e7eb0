import { type RefObject, useEffect, useRef } from 'react';

/** For an element that is to be as high as what is left above a phone's keyboard. */
export function useVisibleHeight(): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const view = visualViewport;
    if (view === null) return undefined;
    const fit = (): void => {
      if (element.current) element.current.style.height = `${Math.round(view.height)}px`;
      scrollTo(0, 0);
    };
    fit();
    view.addEventListener('resize', fit);
    return () => view.removeEventListener('resize', fit);
  }, []);
  return element;
}
