import type { Html } from '../html.ts';
import { accessActions, accessPage } from './access.ts';
import { activityActions, activityPage } from './activity.ts';
import type { Action, Page, PageContext } from './page.ts';
import { relayActions, relayPage } from './relay.ts';
import { servicesActions, servicesPage } from './services.ts';
import { wifiActions, wifiFragments, wifiPage } from './wifi/index.ts';

export type { PageContext } from './page.ts';
export { statusJson } from './relay.ts';

/** The pages, by path. */
export const PAGES: ReadonlyMap<string, Page> = new Map([
  ['/', relayPage],
  ['/services', servicesPage],
  ['/access', accessPage],
  ['/activity', activityPage],
  ['/wifi', wifiPage],
]);

/** What their forms do, by path. */
export const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ...relayActions,
  ...servicesActions,
  ...accessActions,
  ...activityActions,
  ...wifiActions,
]);

/** Parts of pages that are asked for again and again, by path. */
export const FRAGMENTS: ReadonlyMap<string, (context: PageContext) => Html> = new Map(wifiFragments);
