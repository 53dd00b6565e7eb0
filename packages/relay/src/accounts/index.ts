export type { AccountRecord, AccountStore } from './account-store.ts';
export { Accounts } from './accounts.ts';
export { Passwords } from './passwords.ts';
export type { SessionRecord, SessionStore } from './session-store.ts';
export { SESSION_LIFE_MS, Sessions } from './sessions.ts';
export { SetupLink } from './setup-link.ts';
export { type SignedIn, SignIn } from './sign-in.ts';
export { SignInLinks } from './sign-in-links.ts';
