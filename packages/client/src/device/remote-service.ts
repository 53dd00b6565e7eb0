import { PorchlightError } from '@porchlight/protocol';
import type { Service } from '@porchlight/protocol/api';
import type { CallOptions, RelayApi } from '../api/index.ts';
import { unreachable } from '../errors/index.ts';
import { type Route, RouteChoice } from '../lan/index.ts';
import type { ConnectOptions, OpenLanTcp, TcpConnection, WebSocketConstructor } from '../tcp/index.ts';
import { type DeviceFacts, serviceOf } from './device-facts.ts';
import { porchlightFailure } from './failure.ts';
import { openRelaySocket, openSocket, type SocketOptions } from './service-socket.ts';

/** Methods that may be sent twice (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

export interface ServiceParts {
  readonly api: RelayApi;
  readonly facts: DeviceFacts;
  readonly lan: 'auto' | 'never';
  readonly acceptLan: ((url: URL) => boolean) | undefined;
  readonly lanTcp: OpenLanTcp | undefined;
  readonly webSocket: () => WebSocketConstructor;
  readonly connect: (service: string, options?: ConnectOptions) => Promise<TcpConnection>;
}

/** A service of a device: used by `fetch`, wherever the device is. */
export class RemoteService {
  readonly name: string;
  readonly #parts: ServiceParts;
  readonly #choice: RouteChoice;

  /** Made by `RemoteDevice.service`. */
  constructor(parts: ServiceParts, name: string) {
    this.#parts = parts;
    this.name = name;
    this.#choice = new RouteChoice({
      service: name,
      lan: parts.lan,
      accept: parts.acceptLan,
      fetch: parts.api.caller.fetch,
      now: () => performance.now(),
      facts: async () => {
        const device = await parts.facts.deviceOrLast();
        const { lan } = serviceOf(device, name);
        return { fingerprint: device.fingerprint, door: lan?.door };
      },
    });
  }

  /** Where requests go now; undefined: nothing was sent yet. */
  get route(): Route | undefined {
    return this.#choice.route;
  }

  /** The LAN failed: the relay, until it is looked for again. */
  lost(): void {
    this.#choice.lost();
  }

  /** Chooses the route now, without a request. */
  choose(): Promise<Route> {
    return this.#choice.choose();
  }

  /** What the relay says of the service; at most a minute old. */
  async info(options?: CallOptions): Promise<Service> {
    return serviceOf(await this.#parts.facts.device(options), this.name);
  }

  /**
   * As the standard `fetch`, to a path of the service. Whatever the service answers is the answer, a 404 too; what
   * Porchlight itself refuses is thrown. On the LAN no token is sent; through the relay `Authorization` is the
   * relay's, unless the service is for everyone or asks for a password.
   * @param path begins with `/`
   * @throws PorchlightError `device_offline` with `offlineSince`, `denied_by_device`, `token_invalid`, `scope_missing`,
   * `service_unreachable`, `relay_unreachable` and others
   */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    checkPath(path);
    const route = await this.#choice.choose();
    if (route.kind === 'lan') {
      try {
        return await this.#parts.api.caller.fetch(route.origin + path, { ...init, credentials: 'omit' });
      } catch (error) {
        if (init.signal?.aborted === true) throw error;
        this.#choice.lost();
        // Whether it arrived is not known: it must not happen twice.
        if (!isRepeatable(init) || !IDEMPOTENT.has((init.method ?? 'GET').toUpperCase())) {
          const lost = 'The device stopped answering on the LAN; whether it got the request is not known';
          throw new PorchlightError('service_unreachable', lost, { cause: error });
        }
      }
    }
    return this.#overRelay(path, init);
  }

  /** Opens a WebSocket to the service; it is open when this resolves. @throws PorchlightError as {@link fetch} */
  async webSocket(path: string, options: SocketOptions = {}): Promise<WebSocket> {
    checkPath(path);
    const constructor = this.#parts.webSocket();
    const route = await this.#choice.choose();
    if (route.kind === 'lan') {
      try {
        return await openSocket(constructor, route.origin + path, options);
      } catch (error) {
        if (options.signal?.aborted === true) throw error;
        this.#choice.lost();
      }
    }
    const { caller } = this.#parts.api;
    const { url, tokens } = await this.#relaySide(options.signal);
    try {
      return await openRelaySocket(constructor, url + path, tokens, options);
    } catch (error) {
      this.#parts.facts.forget();
      throw error instanceof PorchlightError ? error : unreachable(caller.origin, error);
    }
  }

  /** As `RemoteDevice.connect`, for a service that is no web service. */
  connect(options?: ConnectOptions): Promise<TcpConnection> {
    return this.#parts.connect(this.name, options);
  }

  async #overRelay(path: string, init: RequestInit): Promise<Response> {
    const { url, tokens } = await this.#relaySide(init.signal ?? undefined);
    const headers = new Headers(init.headers);
    if (tokens !== undefined && headers.has('authorization')) {
      const hint = 'this service is opened with the token of the relay, in the same header';
      throw new PorchlightError('bad_request', `Leave "Authorization" out: ${hint}`);
    }
    const first = await tokens?.token(init.signal ?? undefined);
    const send = async (token: string | undefined): Promise<Response | PorchlightError> => {
      if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
      let response: Response;
      try {
        response = await this.#parts.api.caller.fetch(url + path, { ...init, headers, credentials: 'omit' });
      } catch (cause) {
        if (init.signal?.aborted === true) throw cause;
        throw unreachable(this.#parts.api.caller.origin, cause);
      }
      return (await porchlightFailure(response, token !== undefined)) ?? response;
    };
    let answer = await send(first);
    if (isTokenRefused(answer) && first !== undefined && isRepeatable(init)) {
      const second = await tokens?.renew?.(first, init.signal ?? undefined);
      if (second !== undefined && second !== first) answer = await send(second);
    }
    if (!(answer instanceof PorchlightError)) return answer;
    this.#parts.facts.forget();
    throw answer;
  }

  /** Where the service is at the relay, and the tokens that it takes. */
  async #relaySide(signal: AbortSignal | undefined) {
    const device = await this.#parts.facts.device({ signal });
    const { url, access, kind } = serviceOf(device, this.name);
    if (url === undefined || kind === 'tcp') {
      throw new PorchlightError('bad_request', `"${this.name}" is no web service: use connect()`);
    }
    const { tokens } = this.#parts.api.caller;
    const forPrograms = access === 'login' || access === 'token';
    return { url: new URL(url).origin, tokens: forPrograms ? tokens : undefined };
  }
}

function isTokenRefused(answer: Response | PorchlightError): boolean {
  return answer instanceof PorchlightError && answer.code === 'token_invalid';
}

/** A stream can be read once only. */
function isRepeatable({ body }: RequestInit): boolean {
  return !(body instanceof ReadableStream) && !isAsyncIterable(body);
}

/** Node takes these as bodies too. */
function isAsyncIterable(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/** A path that is another address would take the token elsewhere. @throws PorchlightError `bad_request` */
function checkPath(path: string): void {
  if (path.startsWith('/') && !path.startsWith('//') && !path.startsWith('/\\')) return;
  throw new PorchlightError('bad_request', `A path begins with one "/", not "${path.slice(0, 40)}"`);
}
