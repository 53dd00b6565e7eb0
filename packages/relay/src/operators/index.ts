export type { OperatorApi } from './operator-api.ts';
export { OperatorLogins } from './operator-logins.ts';
export { Operators } from './operators.ts';
