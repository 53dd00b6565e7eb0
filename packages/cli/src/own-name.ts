import { basename } from 'node:path';

/** How the person called this command, to be repeated in what it tells to do next. */
export const ownName =
  basename(process.argv[1] ?? '') === 'porchlight.mjs' ? 'node porchlight.mjs' : 'porchlight';
