import { accessActions, accessPage } from './access.ts';
import { activityActions, activityPage } from './activity.ts';
import type { Action, Page } from './page.ts';
import { relayActions, relayPage } from './relay.ts';
import { servicesActions, servicesPage } from './services.ts';

export type { PageContext } from './page.ts';
export { statusJson } from './relay.ts';

/** The pages, by path. */
export const PAGES: ReadonlyMap<string, Page> = new Map([
  ['/', relayPage],
  ['/services', servicesPage],
  ['/access', accessPage],
  ['/activity', activityPage],
]);

/** What their forms do, by path. */
export const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ...relayActions,
  ...servicesActions,
  ...accessActions,
  ...activityActions,
]);
