export { bytes, printable, printableJson, span, table } from '@porchlight/protocol/words';
export { type Size, Terminal } from './terminal.ts';
