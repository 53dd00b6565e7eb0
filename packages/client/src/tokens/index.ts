export { staticToken, type TokenSource, toTokenSource } from './token-source.ts';
