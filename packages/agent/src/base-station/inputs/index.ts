export type { Input, InputPoint } from './input.ts';
export { Inputs } from './inputs.ts';
export { PLOT, plot } from './plot.ts';
