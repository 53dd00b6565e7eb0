import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Provider } from 'oidc-provider';
import { newSecret } from '../secrets.ts';
import { ROUTES } from './routes.ts';

/** A request for tokens of an app that has proven who it is elsewhere. */
export interface TokenRequest {
  readonly appId: string;
  /** `grant_type` and what belongs to it (RFC 6749 §4.1.3, §6). */
  readonly parameters: Readonly<Record<string, string>>;
  /** Of access tokens, in seconds. */
  readonly lifeS: number;
  readonly issuer: URL;
  readonly address: string;
}

/** As the token endpoint answers (RFC 6749 §5). */
export interface TokenAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Proves to the library that the relay itself asks. Made anew in every process, and told to nobody. */
const PROOF = newSecret('relay:');
const lives = new WeakMap<object, number>();

/** Whether a client's secret is the relay's own word for it. */
export function isRelayProof(secret: string): boolean {
  return secret === PROOF;
}

/** The life of access tokens that a request is for, if it is not the usual one. */
export function lifeOf(request: object | undefined): number | undefined {
  return request === undefined ? undefined : lives.get(request);
}

/** Asks the token endpoint within this process, for an adapter whose clients authenticate otherwise. */
export async function askForTokens(provider: Provider, asked: TokenRequest): Promise<TokenAnswer> {
  const form = new URLSearchParams(asked.parameters).toString();
  const request = new IncomingMessage(new Socket());
  request.method = 'POST';
  request.url = ROUTES.token;
  request.headers = {
    host: asked.issuer.host,
    authorization: `Basic ${Buffer.from(`${encodeURIComponent(asked.appId)}:${encodeURIComponent(PROOF)}`).toString('base64')}`,
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(Buffer.byteLength(form)),
    'x-forwarded-host': asked.issuer.host,
    'x-forwarded-proto': asked.issuer.protocol.slice(0, -1),
    'x-forwarded-for': asked.address,
  };
  request.push(form);
  request.push(null);
  lives.set(request, asked.lifeS);
  const response = new CapturedResponse(request);
  await provider.callback()(request, response);
  return { status: response.statusCode, body: JSON.parse(response.text) as Record<string, unknown> };
}

/** Keeps a short answer in place of sending it. */
class CapturedResponse extends ServerResponse {
  text = '';

  override end(chunk?: unknown): this {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) this.text = Buffer.from(chunk).toString();
    return super.end();
  }
}
