export { DevicePolicy, type DevicePolicyParts, type PolicyState } from './device-policy.ts';
