import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TokenStore } from '@porchlight/client';
import { fileStore } from '@porchlight/client/node';
import { CommandError } from '../../command-error.ts';
import { EXIT } from '../../exit-code.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';
import { type RelayLogin, relayLogin } from './relay-login.ts';

const SUFFIX = '.json';

/** The relays that a person is logged in to: one file each in `relays/`, and the name of the one in use in `relay`. */
export class RelayLogins {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get folder(): string {
    return this.#folder;
  }

  /** Origins, in order. @throws CommandError */
  async origins(): Promise<string[]> {
    const names = await readdir(join(this.#folder, 'relays')).catch(() => []);
    const found: string[] = [];
    for (const name of names.filter((each) => each.endsWith(SUFFIX)).sort()) {
      const login = await this.#read(join(this.#folder, 'relays', name));
      if (login !== undefined) found.push(login.origin);
    }
    return found;
  }

  /** The origin in use; undefined when there is none. @throws CommandError */
  async current(): Promise<string | undefined> {
    const origin = (await readPrivateFile(this.#pathOfCurrent))?.trim();
    if (origin !== undefined && origin !== '' && (await this.get(origin)) !== undefined) return origin;
    return (await this.origins())[0];
  }

  use(origin: string): Promise<void> {
    return writePrivateFile(this.#pathOfCurrent, `${origin}\n`);
  }

  /** @throws CommandError when the file is damaged */
  async get(origin: string): Promise<RelayLogin | undefined> {
    const login = await this.#read(this.pathOf(origin));
    return login?.origin === origin ? login : undefined;
  }

  set(login: RelayLogin): Promise<void> {
    return writePrivateFile(this.pathOf(login.origin), `${JSON.stringify(login, null, 2)}\n`);
  }

  /** Forgets the relay, and the tokens of a sign-in there. */
  async remove(origin: string): Promise<void> {
    await this.tokensOf(origin).save(undefined);
    await rm(this.pathOf(origin), { force: true });
  }

  /** Where the tokens of a sign-in in the browser are kept; several commands at once may use it. */
  tokensOf(origin: string): TokenStore {
    return fileStore(`${this.#pathBefore(origin)}.tokens`);
  }

  pathOf(origin: string): string {
    return `${this.#pathBefore(origin)}${SUFFIX}`;
  }

  #pathBefore(origin: string): string {
    const { protocol, host } = new URL(origin);
    const name = `${protocol === 'http:' ? 'http-' : ''}${host.replace(/[^a-z0-9.-]/g, '_')}`;
    return join(this.#folder, 'relays', name);
  }

  get #pathOfCurrent(): string {
    return join(this.#folder, 'relay');
  }

  async #read(path: string): Promise<RelayLogin | undefined> {
    const text = await readPrivateFile(path);
    if (text === undefined) return undefined;
    const parsed = relayLogin.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    throw new CommandError(`${path} is damaged`, {
      hint: 'remove it, and log in again: porchlight login URL',
      exitCode: EXIT.usage,
    });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema refuses it with the right words.
    return undefined;
  }
}
