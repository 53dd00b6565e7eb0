import type { IncomingMessage } from 'node:http';
import { errors, type Provider } from 'oidc-provider';
import { newSecret } from '../secrets.ts';

/** Who is signed in at the console in a browser, and since when. */
export interface SignedIn {
  readonly accountId: string;
  /** Ms since 1970. */
  readonly since: number;
}

/**
 * Gives oidc-provider the console's own sessions: nothing of them is kept twice, no further cookie is set, and who signs
 * out of the console is signed out here. It takes a session for one of its own that is never saved.
 */
export function useConsoleSessions(
  provider: Provider,
  signedIn: (req: IncomingMessage) => Promise<SignedIn | undefined>,
): void {
  const { Session } = provider;
  Session.get = async (ctx) => {
    const who = await signedIn(ctx.req);
    const id = who?.accountId ?? newSecret();
    const session = Reflect.construct(Session, [{ uid: id, jti: id }]) as InstanceType<typeof Session>;
    if (who !== undefined) {
      session.accountId = who.accountId;
      session.loginTs = Math.floor(who.since / 1000);
    }
    // The library believes what was noted of a sign-in, in whichever browser it is asked to go on: somebody could
    // begin in their own, have another person look at the sign-in's address, and go on as that person.
    session.loginAccount = ({ accountId }) => {
      if (accountId !== who?.accountId) throw new errors.SessionNotFound('signed in in another browser');
    };
    // Neither is it written, nor does a cookie go out: as far as the library knows it is new and untouched.
    Object.defineProperties(session, { new: { value: true }, touched: { value: false } });
    (ctx as { oidc?: { entity(name: string, value: unknown): void } }).oidc?.entity('Session', session);
    return session;
  };
}
