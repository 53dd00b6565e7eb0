export { bytes, printable, printableJson, span, table } from './output.ts';
export { type Size, Terminal } from './terminal.ts';
