import type http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Forwarding, forwardRequest, forwardUpgrade } from '@porchlight/link';
import { AGENT_ERROR_HEADER, ERRORS, type ErrorCode, PorchlightError } from '@porchlight/protocol';
import { sendFailure, upgradeFailure } from './failure.ts';
import { isRelayOnly, requestHeaders, responseHeaders, type VisitFacts } from './headers.ts';

export interface ProxyTarget {
  readonly agent: http.Agent;
  /** Request target: path and query, as the device shall get it. */
  readonly target: string;
  readonly facts: VisitFacts;
  readonly dropAuthorization: boolean;
  /** Changes the answer's fields before they leave, for a service that stands below a path. */
  readonly onFields?: (fields: string[]) => string[];
  /** Refuses an upgrade in another way than by an HTTP answer. */
  readonly refuse?: (error: PorchlightError) => void;
  /** Whether the link that the request went over is still there. */
  readonly isUp: () => boolean;
  /** Called once: `undefined` when the service itself answered. */
  readonly onOutcome: (error: PorchlightError | undefined) => void;
}

/** Sends a visitor's request over a channel and streams the answer back. */
export function proxyRequest(req: IncomingMessage, res: ServerResponse, target: ProxyTarget): void {
  forwardRequest(
    req,
    res,
    forwarding(req, target, (error) => sendFailure(req, res, error)),
  );
}

/** Passes a visitor's upgrade request (WebSocket) on, and joins the connections. */
export function proxyUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer, target: ProxyTarget): void {
  forwardUpgrade(
    req,
    socket,
    head,
    forwarding(req, target, target.refuse ?? ((error) => refuseUpgrade(socket, error))),
  );
}

/** Ends an upgrade request with an error. */
export function refuseUpgrade(
  socket: Duplex,
  error: PorchlightError,
  extra?: Readonly<Record<string, string>>,
): void {
  endSoon(socket, upgradeFailure(error, extra));
}

/** A peer that is told the end hangs up within this time, or is cut off: it has no other deadline any more. */
const LINGER_MS = 5_000;

/** Sends last words and ends the connection, also when the peer never ends its side. */
export function endSoon(socket: Duplex, words: string): void {
  if (socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(words);
  // What still comes is not for anybody; unread, it would hide the peer's end.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}

function forwarding(
  req: IncomingMessage,
  target: ProxyTarget,
  fail: (error: PorchlightError) => void,
): Forwarding {
  return {
    agent: target.agent,
    path: target.target,
    headers: requestHeaders(req.rawHeaders, target.facts, target),
    keepTrailer: (lower) => !isRelayOnly(lower),
    onAnswer(answer) {
      const failure = agentFailure(answer);
      target.onOutcome(failure);
      if (failure === undefined) {
        const fields = responseHeaders(answer.rawHeaders, target.facts.host);
        return target.onFields?.(fields) ?? fields;
      }
      fail(failure);
      return undefined;
    },
    onError(error) {
      const failure =
        error instanceof PorchlightError
          ? error
          : new PorchlightError(target.isUp() ? 'service_unreachable' : 'device_offline', undefined, {
              cause: error,
            });
      target.onOutcome(failure);
      fail(failure);
    },
  };
}

/** What the agent answered by itself, in place of the service. */
export function agentFailure(answer: IncomingMessage): PorchlightError | undefined {
  const code = answer.headers[AGENT_ERROR_HEADER];
  if (typeof code !== 'string') return undefined;
  return new PorchlightError(Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'service_unreachable');
}
