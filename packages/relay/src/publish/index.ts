export { type AdmittedVisit, AdmittedVisits } from './admitted-visits.ts';
export { answerBearerPreflight, corsOf, isBearerPreflight } from './bearer-cors.ts';
export { ChannelPools } from './channel-pools.ts';
export { asPorchlightError, sendFailure } from './failure.ts';
export { failurePage } from './failure-page.ts';
export { requestHeaders, type VisitFacts } from './headers.ts';
export { type HostTarget, hostName, isLoopbackName, parseHost } from './hosts.ts';
export { Locator } from './locator.ts';
export { OpenVisits } from './open-visits.ts';
export { PathChecks } from './path-check/index.ts';
export {
  isConsolePath,
  type PathRouteChanger,
  type PathRouteRecord,
  type PathRouteStore,
  PathRoutes,
  PathTable,
} from './path-routes/index.ts';
export { probeService } from './probe.ts';
export { agentFailure, endSoon, refuseUpgrade } from './proxy.ts';
export { type Arrival, Publisher } from './publisher.ts';
export { RouteTable } from './routes.ts';
export { SHARE_PATH, SharePages } from './share-pages.ts';
export { SignOn } from './sign-on.ts';
export { CONSOLE_SIGN_ON_PATH, type PathHosts, SignOnPages } from './sign-on-pages.ts';
export { VisitNotes } from './visit-notes.ts';
export { Visitors } from './visitors.ts';
