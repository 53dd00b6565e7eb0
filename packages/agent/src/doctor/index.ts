export { type DoctorOptions, type Finding, runDoctor } from './doctor.ts';
