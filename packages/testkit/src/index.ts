export { type RequiredProgram, type RequireOptions, requireProgram } from './debian.ts';
export { FakeClock } from './fake-clock.ts';
export { type RunningPostgres, requirePostgres, startPostgres } from './postgres.ts';
