export { DevicePolicy, type DevicePolicyParts, type PolicyState } from './device-policy.ts';
export { type InspectedPolicy, inspectPolicy } from './inspect-policy.ts';
