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
export { keyFingerprintOf, newKeylessFingerprint } from './keyless.ts';
export {
  READING_NAMES_MAX,
  type Reading,
  type ReadingSample,
  type ReadingStore,
} from './reading-store.ts';
export { Readings } from './readings.ts';
export { RECORD_LOOK_MS, RecordWatch } from './record-watch.ts';
export {
  type HueBridge,
  type PassthroughRecord,
  SERVICE_USERS_MAX,
  type ServiceStore,
  type ServiceUser,
} from './service-store.ts';
