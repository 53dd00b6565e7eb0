import { lazy } from 'react';

export { shellTarget } from './shell-target.ts';

/** Loaded when it is opened: xterm.js is larger than all other pages together. */
export const TerminalPage = lazy(() => import('./terminal-page.tsx'));
