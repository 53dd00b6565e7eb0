export { PathChecks } from './path-checks.ts';
