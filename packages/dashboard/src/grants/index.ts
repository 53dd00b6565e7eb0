export { GrantFields } from './grant-fields.tsx';
export { grantWords } from './grant-words.ts';
export { useDeviceNames } from './use-device-names.ts';
