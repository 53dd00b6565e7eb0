export { showNextStep } from './show-next-step.ts';
