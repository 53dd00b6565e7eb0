export { askPassword, confirm, readStandardInput } from './input.ts';
export { print, printJson, styled, table } from './output.ts';
export { clockTime, harmless, spanInWords } from './words.ts';
