export { type LanFacts, type Route, RouteChoice } from './route-choice.ts';
