export { safeNext } from './next-path.ts';
export { createQueryClient, leaveToSignIn, useMe } from './session.ts';
