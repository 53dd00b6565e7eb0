import { lazy } from 'react';

export { isEmoncms } from './words.ts';

/** Loaded when it is opened. */
export const EmoncmsPage = lazy(() => import('./emoncms-page.tsx'));
