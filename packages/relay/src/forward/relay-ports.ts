import { once } from 'node:events';
import { type AddressInfo, isIP, type Server } from 'node:net';
import { PorchlightError } from '@porchlight/protocol';
import type { ForwardOptions } from '@porchlight/protocol/api';

/** Ports tried before the range counts as full. */
const TRIES = 50;
/** The system's own ports are not given away (RFC 6335 §6). */
const LOWEST_PORT = 1024;
const LOOPBACK = ['127.0.0.1', '::1'] as const;

export interface RelayPortParts {
  /** Where ports are opened unless somebody asks for another address; undefined: on every address. */
  readonly host: string | undefined;
  /** Further addresses that people may ask for. */
  readonly mayBind: readonly string[];
  /** 0 to 0: any free one. */
  readonly ports: { readonly from: number; readonly to: number };
  readonly random: () => number;
  /** The name by which people reach the relay. */
  readonly domain: string;
}

/** Which ports and addresses forwards may take. */
export class RelayPorts {
  readonly #parts: RelayPortParts;

  constructor(parts: RelayPortParts) {
    this.#parts = parts;
  }

  get options(): Pick<ForwardOptions, 'ports' | 'binds'> {
    const { host, mayBind, ports } = this.#parts;
    const binds = new Set([shown(host ?? '*'), ...LOOPBACK, ...mayBind.map(shown)]);
    return { binds: [...binds], ...(ports.from === 0 ? {} : { ports }) };
  }

  /**
   * The address to listen on; undefined: every one.
   * @throws PorchlightError `bad_request`
   */
  bind(wished: string | undefined): string | undefined {
    const { host } = this.#parts;
    if (wished === undefined) return host;
    const { binds } = this.options;
    const known = binds.includes(shown(wished)) || (binds[0] === '*' && isIP(wished) !== 0);
    if (known) return shown(wished) === '*' ? undefined : wished;
    const message = `This relay opens no forwards on "${wished}", only on ${binds.join(', ')}; forwards.mayBind in its configuration allows more`;
    throw new PorchlightError('bad_request', message);
  }

  /** The name or address by which people reach what listens there. */
  reachedBy(bind: string | undefined): string {
    const { host, domain } = this.#parts;
    if (bind !== undefined && isLoopback(bind)) return 'localhost';
    return bind === undefined || bind === host || shown(bind) === '*' || isIP(bind) === 0 ? domain : bind;
  }

  /**
   * Makes the server listen on the wished port, or on a free one of the range.
   * @param usable tells of a port whether the forward can have it, beside being free
   * @throws PorchlightError `bad_request` (not in the range), `conflict` (taken), `busy` (none is free)
   */
  async listen(
    server: Server,
    bind: string | undefined,
    wished: number | undefined,
    usable: (port: number) => boolean,
  ): Promise<number> {
    if (wished !== undefined) return this.#listenOn(server, bind, wished, usable);
    const { from, to } = this.#parts.ports;
    const count = to - from + 1;
    // From a random one onwards, so that a port is not soon another's.
    const first = Math.floor(this.#parts.random() * count);
    let failure: unknown;
    for (let attempt = 0; attempt < (from === 0 ? TRIES : Math.min(TRIES, count)); attempt += 1) {
      try {
        const port = await bound(server, bind, from === 0 ? 0 : from + ((first + attempt) % count));
        if (usable(port)) return port;
        await closed(server);
      } catch (error) {
        failure = error;
        if (codeOf(error) !== 'EADDRINUSE' && codeOf(error) !== 'EACCES') throw unusable(bind, error);
      }
    }
    const range = from === 0 ? '' : ` of ${from}-${to}`;
    throw new PorchlightError('busy', `No free port${range} was found for the forward`, { cause: failure });
  }

  async #listenOn(
    server: Server,
    bind: string | undefined,
    port: number,
    usable: (port: number) => boolean,
  ): Promise<number> {
    const { from, to } = this.#parts.ports;
    const [lowest, highest] = from === 0 ? [LOWEST_PORT, 65_535] : [from, to];
    if (port < lowest || port > highest) {
      const message = `Port ${port} is not among those for forwards: ${lowest} to ${highest}`;
      throw new PorchlightError('bad_request', message);
    }
    const taken = (cause?: unknown) =>
      new PorchlightError('conflict', `Port ${port} of the relay is taken: name another, or none`, { cause });
    if (!usable(port)) throw taken();
    try {
      return await bound(server, bind, port);
    } catch (error) {
      throw codeOf(error) === 'EADDRINUSE' || codeOf(error) === 'EACCES'
        ? taken(error)
        : unusable(bind, error);
    }
  }
}

async function bound(server: Server, bind: string | undefined, port: number): Promise<number> {
  server.listen({ port, ...(bind === undefined ? {} : { host: bind }) });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function closed(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}

function unusable(bind: string | undefined, cause: unknown): PorchlightError {
  const message = `The relay cannot listen on "${bind ?? '*'}": is it an address of its machine?`;
  return new PorchlightError('bad_request', message, { cause });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Every address is `*`. */
function shown(address: string): string {
  return ['*', '0.0.0.0', '::'].includes(address) ? '*' : address;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
