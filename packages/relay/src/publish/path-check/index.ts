export { type CheckAsk, PathChecks } from './path-checks.ts';
