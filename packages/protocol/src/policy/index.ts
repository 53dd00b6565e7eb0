export {
  type CompiledPolicy,
  checkPolicy,
  compilePolicy,
  POLICY_BYTES_MAX,
  POLICY_RULES_MAX,
} from './compile.ts';
export { Allowed, type Decision, type Denied, type PolicyRequest } from './decision.ts';
export { canonicalHeader, overridesRequest } from './header-names.ts';
export { Policy } from './policy.ts';
export type { PolicyProblem } from './problem.ts';
export { SECRET_NAME, type SecretSource, VALUE_MAX } from './value.ts';
