export { DeviceRecorder } from './device-recorder.ts';
export type {
  DeviceRecord,
  DeviceStore,
  LinkFacts,
  NewDevice,
  ServiceFacts,
  ServiceRecord,
} from './device-store.ts';
export type { HealthSample, HealthStore, LinkEvent, RelayRun } from './health-store.ts';
