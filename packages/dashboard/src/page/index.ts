export { presentColour } from './colour.ts';
export { ThemeChoice } from './theme.tsx';
export { useTitle } from './title.ts';
