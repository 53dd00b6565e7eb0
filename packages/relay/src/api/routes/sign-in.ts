import { me, setup, setupState, signIn, signInByLink } from '@porchlight/protocol/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sessionOf, setConsoleCookie } from '../../access/index.ts';
import type { SignedIn } from '../../accounts/index.ts';
import type { Endpoints } from '../endpoint.ts';
import { meView } from '../views.ts';

/** Ways in and out. Each attempt is limited by `SignIn` itself, by account and by address. */
export function signInRoutes(endpoints: Endpoints): void {
  const { deps } = endpoints;

  /** Gives the browser its cookie; a session it had before ends, since nothing can use that any more. */
  async function welcome(signedIn: SignedIn, request: FastifyRequest, reply: FastifyReply) {
    const { identity } = request;
    if (identity.kind === 'session') await deps.sessions.end(identity.accountId, identity.sessionId);
    reply.header('set-cookie', setConsoleCookie(signedIn.secret, deps.isSecure(request.raw)));
    return meView(signedIn.account, deps.relay);
  }

  endpoints.open({
    method: 'GET',
    url: '/api/setup',
    summary: 'Whether the relay still waits for its first account.',
    answer: setupState,
    run: async () => ({ open: await deps.setupLink.open() }),
  });

  endpoints.open({
    method: 'POST',
    url: '/api/setup',
    summary: 'Makes the first account, by the one-time set-up link, and signs it in.',
    body: setup,
    answer: me,
    status: 201,
    run: async ({ body, request, reply, address }) =>
      welcome(
        await deps.signIn.withSetupLink(body, { address, userAgent: agentOf(request) }),
        request,
        reply,
      ),
  });

  endpoints.open({
    method: 'POST',
    url: '/api/sign-in',
    summary: 'Signs in with name and password.',
    body: signIn,
    answer: me,
    run: async ({ body, request, reply, address }) =>
      welcome(await deps.signIn.withPassword(body, { address, userAgent: agentOf(request) }), request, reply),
  });

  endpoints.open({
    method: 'POST',
    url: '/api/sign-in/link',
    summary: 'Signs in with a one-time link.',
    body: signInByLink,
    answer: me,
    run: async ({ body, request, reply, address }) =>
      welcome(
        await deps.signIn.withLink(body.token, { address, userAgent: agentOf(request) }),
        request,
        reply,
      ),
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/sign-out',
    summary: 'Ends the session of this browser.',
    action: 'account:secure',
    run: async ({ person, request, reply, address }) => {
      const { accountId, accountName, sessionId } = sessionOf(person);
      await deps.sessions.end(accountId, sessionId);
      reply.header('set-cookie', setConsoleCookie(undefined, deps.isSecure(request.raw)));
      const at = deps.clock.now();
      deps.audit.append({
        accountId,
        at,
        actor: accountName,
        action: 'session.ended',
        address,
        detail: { by: 'sign-out' },
      });
    },
  });
}

function agentOf(request: FastifyRequest): string {
  return request.headers['user-agent'] ?? '';
}
