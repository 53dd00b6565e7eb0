export { type ErrorCode, PorchlightError } from '@porchlight/protocol';
export * from './api/index.ts';
export { staticToken, type TokenSource } from './tokens/index.ts';
