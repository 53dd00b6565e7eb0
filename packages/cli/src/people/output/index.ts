export { hasBrowser, openInBrowser } from './browser.ts';
export { type Cell, facts, listing } from './listing.ts';
export { note, show } from './show.ts';
