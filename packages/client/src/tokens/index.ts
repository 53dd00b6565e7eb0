export { OAuthTokens, type OAuthTokensOptions } from './oauth-tokens.ts';
export { staticToken, type TokenSource, toTokenSource } from './token-source.ts';
export { memoryStore, parseStoredTokens, type StoredTokens, type TokenStore } from './token-store.ts';
