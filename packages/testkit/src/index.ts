export { type RequiredProgram, type RequireOptions, requireProgram } from './debian.ts';
export { FakeClock } from './fake-clock.ts';
export { type RunningPostgres, requirePostgres, startPostgres } from './postgres.ts';
export {
  type Answer,
  type Ask,
  request,
  startTestRelay,
  type TestDevice,
  type TestPerson,
  type TestRelay,
} from './test-relay.ts';
