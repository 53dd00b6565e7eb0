import { lazy } from 'react';

export { KeepAnswersSwitch } from './keep-answers-switch.tsx';
export { isEmoncms } from './words.ts';

/** Loaded when it is opened. */
export const EmoncmsPage = lazy(() => import('./emoncms-page.tsx'));
