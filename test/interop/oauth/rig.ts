import type { ConsentAnswer } from '@porchlight/protocol/api';
import type { Answer, Ask, TestPerson, TestRelay } from '@porchlight/testkit';
import * as client from 'openid-client';

export const CALLBACK = 'https://app.example/callback';
export const NATIVE_CALLBACK = 'http://127.0.0.1:45678/callback';

/** An app that somebody registered, as openid-client sees it. */
export interface TestApp {
  readonly id: string;
  readonly secret: string | undefined;
  readonly config: client.Configuration;
}

/** A browser without a screen: it keeps cookies, and is signed in as somebody or as nobody. */
export class TestBrowser {
  readonly #relay: TestRelay;
  readonly #cookies = new Map<string, string>();
  #person: TestPerson | undefined;

  constructor(relay: TestRelay, person?: TestPerson) {
    this.#relay = relay;
    this.signIn(person);
  }

  signIn(person: TestPerson | undefined): void {
    this.#person = person;
    const [name = '', value = ''] = person?.cookie.split('=') ?? [];
    if (person === undefined) this.#cookies.delete('porchlight');
    else this.#cookies.set(name, value);
  }

  /** One request to the console, at a path or a whole address there. */
  async open(address: string | URL, ask: Ask = {}): Promise<Answer> {
    const url = new URL(address, 'http://localhost');
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await this.#relay.visit('localhost', url.pathname + url.search, {
      ...ask,
      headers: { accept: 'text/html', ...(cookie === '' ? {} : { cookie }), ...ask.headers },
    });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return answer;
  }

  /** Follows redirects within the console; gives the last answer, and where it leads. */
  async follow(address: string | URL): Promise<{ answer: Answer; path: string; away: URL | undefined }> {
    let next = new URL(address, `http://localhost:${this.#relay.port}`);
    for (let hops = 0; hops < 10; hops++) {
      const answer = await this.open(next);
      const { location } = answer.headers;
      if (location === undefined) return { answer, path: next.pathname, away: undefined };
      const to = new URL(location, next);
      if (to.port !== String(this.#relay.port)) return { answer, path: next.pathname, away: to };
      if (to.pathname === '/sign-in') return { answer, path: `${to.pathname}${to.search}`, away: undefined };
      next = to;
    }
    throw new Error('too many redirects');
  }

  /** Goes to an app's address for people, answers what is asked, and gives where the app gets its answer. */
  async allow(address: URL, answer: ConsentAnswer): Promise<URL> {
    const asked = await this.follow(address);
    if (asked.away !== undefined) throw new Error(`nothing was asked: ${asked.away.href}`);
    const uid = /^\/oauth\/consent\/(.+)$/.exec(asked.path)?.[1];
    if (uid === undefined) throw new Error(`no consent page: ${asked.path} ${asked.answer.status}`);
    const done = await this.person().api('POST', `/api/me/consents/${uid}`, answer);
    if (done.status !== 200) throw new Error(`not accepted: ${done.body}`);
    const back = await this.follow(JSON.parse(done.body).location);
    if (back.away === undefined) throw new Error(`not sent back: ${back.path} ${back.answer.body}`);
    return back.away;
  }

  /** What an app's address for people asks. */
  async asked(address: URL): Promise<{ uid: string; body: Record<string, unknown> }> {
    const asked = await this.follow(address);
    const uid = /^\/oauth\/consent\/(.+)$/.exec(asked.path)?.[1];
    if (uid === undefined) throw new Error(`no consent page: ${asked.away?.href ?? asked.path}`);
    return { uid, body: JSON.parse((await this.person().api('GET', `/api/me/consents/${uid}`)).body) };
  }

  person(): TestPerson {
    if (this.#person === undefined) throw new Error('nobody is signed in');
    return this.#person;
  }
}

/** The relay as openid-client finds it. */
export function discover(
  relay: TestRelay,
  id: string,
  auth: client.ClientAuth,
): Promise<client.Configuration> {
  const issuer = new URL(`http://localhost:${relay.port}`);
  return client.discovery(issuer, id, undefined, auth, { execute: [client.allowInsecureRequests] });
}

/** The command line's own app. */
export async function commandLine(relay: TestRelay): Promise<TestApp> {
  const id = 'porchlight-cli';
  return { id, secret: undefined, config: await discover(relay, id, client.None()) };
}

/** An app that this person registers. */
export async function registered(
  relay: TestRelay,
  maker: TestPerson,
  wish: { name: string; confidential: boolean; callbacks?: readonly string[] },
): Promise<TestApp> {
  const made = await maker.api('POST', '/api/me/apps', { callbacks: [CALLBACK], ...wish });
  if (made.status !== 201) throw new Error(made.body);
  const { id, secret } = JSON.parse(made.body) as { id: string; secret?: string };
  const auth = secret === undefined ? client.None() : client.ClientSecretBasic(secret);
  return { id, secret, config: await discover(relay, id, auth) };
}

/** The start of an authorization code flow with PKCE. */
export async function begin(app: TestApp, params: Readonly<Record<string, string>>) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = client.buildAuthorizationUrl(app.config, {
    redirect_uri: CALLBACK,
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...params,
  });
  return { url, verifier, state };
}

/** A whole authorization code flow, with the person's answer. */
export async function connect(
  browser: TestBrowser,
  app: TestApp,
  params: Readonly<Record<string, string>>,
  answer: ConsentAnswer,
) {
  const { url, verifier, state } = await begin(app, params);
  const back = await browser.allow(url, answer);
  return client.authorizationCodeGrant(app.config, back, {
    pkceCodeVerifier: verifier,
    expectedState: state,
  });
}

/** The RFC's error that a call ended with. */
export async function errorOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof client.ResponseBodyError || error instanceof client.AuthorizationResponseError) {
      return error.error;
    }
    if (error instanceof client.WWWAuthenticateChallengeError) return `${error.status}`;
    throw error;
  }
  throw new Error('it was not refused');
}

/** A question with a bearer token to the console or a published host. */
export function withToken(
  relay: TestRelay,
  token: string,
  host: string,
  path: string,
  ask: Ask = {},
): Promise<Answer> {
  return relay.visit(host, path, { ...ask, headers: { ...ask.headers, authorization: `Bearer ${token}` } });
}
