export { DeviceRecorder } from './device-recorder.ts';
export type {
  DeviceChange,
  DeviceRecord,
  DeviceStore,
  LinkFacts,
  NewDevice,
  ServiceFacts,
  ServiceRecord,
} from './device-store.ts';
export type { HealthSample, HealthStore, LinkEvent, RelayRun } from './health-store.ts';
export { SERVICE_USERS_MAX, type ServiceStore, type ServiceUser } from './service-store.ts';
