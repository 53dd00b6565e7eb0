import type { IncomingMessage } from 'node:http';
import { parseBasic } from '../../access/index.ts';
import type { Clock } from '../../clock.ts';
import type { Apps } from '../../oauth/index.ts';
import { APP_DIGEST_REALM } from '../../oauth/index.ts';
import { addressKey, TokenBuckets } from '../../token-buckets.ts';
import { DigestNonces, fitsDigest, parseDigest } from './digest.ts';
import { OAuthRefusal } from './refusal.ts';

/** Wrong secrets from one address. A secret has 256 random bits: this bounds the work, not the guessing. */
const FAILURES = { capacity: 20, refillMs: 5_000 };

/** Which app asks for tokens: by Basic, or by Digest after a challenge. */
export class ClientAuthentication {
  readonly #apps: Pick<Apps, 'isSecret' | 'isDigest'>;
  readonly #nonces: DigestNonces;
  readonly #failures: TokenBuckets;

  constructor(parts: { apps: Pick<Apps, 'isSecret' | 'isDigest'>; clock: Clock }) {
    this.#apps = parts.apps;
    this.#nonces = new DigestNonces(parts.clock);
    this.#failures = new TokenBuckets(FAILURES, parts.clock);
  }

  /** Id of the app. @throws OAuthRefusal */
  async appOf(request: IncomingMessage, path: string, address: string): Promise<string> {
    const { authorization } = request.headers;
    if (authorization === undefined) throw this.#challenge('say who you are');
    const key = addressKey(address);
    const wait = this.#failures.take(key);
    if (wait > 0) {
      throw new OAuthRefusal(429, 'temporarily_unavailable', 'too many wrong secrets: wait', {
        'Retry-After': String(Math.ceil(wait / 1000)),
      });
    }
    const appId = await this.#check(request.method ?? '', path, authorization);
    this.#failures.giveBack(key);
    return appId;
  }

  async #check(method: string, path: string, authorization: string): Promise<string> {
    if (/^digest\b/i.test(authorization)) return this.#checkDigest(method, path, authorization);
    const basic = parseBasic(authorization);
    if (basic === undefined) throw this.#challenge('authenticate by Basic or Digest');
    const id = decoded(basic.user);
    const secret = decoded(basic.password);
    if (await this.#apps.isSecret(id, secret)) return id;
    throw new OAuthRefusal(401, 'invalid_client', 'there is no such app, or its secret is wrong', {
      'WWW-Authenticate': `Basic realm="${APP_DIGEST_REALM}"`,
    });
  }

  async #checkDigest(method: string, path: string, authorization: string): Promise<string> {
    const given = parseDigest(authorization);
    if (given === undefined || given.realm !== APP_DIGEST_REALM) {
      throw this.#challenge('the Digest header is not understood');
    }
    // Some clients leave the query out of what they sign, others do not.
    if (given.uri.split('?', 1)[0] !== path) throw this.#challenge('the Digest is for another address');
    if (!this.#nonces.isFresh(given.nonce))
      throw this.#challenge('the nonce is old or used: use the new one', true);
    const fits = (hash: string): boolean => fitsDigest(given, method, hash);
    if (!(await this.#apps.isDigest(given.username, fits))) {
      throw this.#challenge('there is no such app, or its secret is wrong');
    }
    if (!this.#nonces.use(given.nonce)) throw this.#challenge('the nonce is used: use the new one', true);
    return given.username;
  }

  #challenge(description: string, stale = false): OAuthRefusal {
    const more = stale ? ', stale=true' : '';
    return new OAuthRefusal(401, 'invalid_client', description, {
      'WWW-Authenticate': `Digest realm="${APP_DIGEST_REALM}", nonce="${this.#nonces.make()}"${more}`,
    });
  }
}

/** RFC 6749 §2.3.1 has both encoded as in forms; ids and secrets made here have nothing to encode. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
