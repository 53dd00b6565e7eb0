export { bytes, printableJson, span } from '@porchlight/protocol/words';
export { askPassword, confirm, readStandardInput } from './input.ts';
export { print, printJson, styled, table } from './output.ts';
export { withProgress } from './progress.ts';
export { clockTime, harmless } from './words.ts';
