import type { SecureContext, SecureContextOptions, Server } from 'node:tls';

/** What `tls.createServer` and `http2.createSecureServer` take from a {@link TlsSource}. */
export interface TlsServerOptions {
  readonly cert: string;
  readonly key: string;
  readonly SNICallback: (name: string, done: (error: Error | null, context?: SecureContext) => void) => void;
}

/** Where the relay's certificate comes from. It may change at any time; open connections never notice. */
export interface TlsSource {
  /** To create a server with; follow with {@link keepFresh}. */
  serverOptions(): TlsServerOptions;
  /** Gives the server each new certificate, for clients that send no name. Gives what ends that. */
  keepFresh(server: Pick<Server, 'setSecureContext'>): () => void;
  /** The present certificate. */
  secureContext(): SecureContext;
  /** Calls after each change. Gives what ends that. */
  onChange(listener: () => void): () => void;
  /** The authority that visitors have to trust, PEM; undefined when the certificate came from files. */
  caPem(): string | undefined;
  /** Stops watching and renewing; what was given out stays good. Idempotent. */
  close(): void;
}

/** A certificate in use. */
export interface CurrentPair {
  readonly cert: string;
  readonly key: string;
  readonly context: SecureContext;
}

/** Keeps the present pair, and tells who wants to know when it is replaced. */
export class PairHolder {
  #current: CurrentPair;
  readonly #listeners = new Set<() => void>();

  constructor(first: CurrentPair) {
    this.#current = first;
  }

  get current(): CurrentPair {
    return this.#current;
  }

  replace(next: CurrentPair): void {
    this.#current = next;
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): () => void {
    const own = () => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  keepFresh(server: Pick<Server, 'setSecureContext'>): () => void {
    const set = () => server.setSecureContext(this.#pem());
    set();
    return this.onChange(set);
  }

  #pem(): SecureContextOptions {
    return { cert: this.#current.cert, key: this.#current.key };
  }
}
