export { DevicePolicy, type DevicePolicyParts, type PolicyState } from './device-policy.ts';
export { type InspectedPolicy, inspectPolicy } from './inspect-policy.ts';
export { readPolicyText, savePolicy } from './save-policy.ts';
export { parseSecrets, SECRETS_BYTES_MAX } from './secrets-file.ts';
