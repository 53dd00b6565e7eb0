import { lazy } from 'react';

export { hasShell } from './shell-service.ts';

/** Loaded when it is opened: xterm.js is larger than all other pages together. */
export const TerminalPage = lazy(() => import('./terminal-page.tsx'));
