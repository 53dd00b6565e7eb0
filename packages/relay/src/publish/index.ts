export { ChannelPools } from './channel-pools.ts';
export { asPorchlightError, sendFailure } from './failure.ts';
export { hostName, isLoopbackName, parseHost } from './hosts.ts';
export { type Arrival, Publisher } from './publisher.ts';
export { RouteTable } from './routes.ts';
export { SignOn } from './sign-on.ts';
export { CONSOLE_SIGN_ON_PATH, SignOnPages } from './sign-on-pages.ts';
export { refuseUpgrade } from './upgrade.ts';
export { Visitors } from './visitors.ts';
