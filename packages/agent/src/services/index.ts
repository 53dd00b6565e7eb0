export type { AccessNote, Gate } from './gate.ts';
export { Services } from './services.ts';
