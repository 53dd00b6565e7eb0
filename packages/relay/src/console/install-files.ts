import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';

export const INSTALL_PATH = '/install/';

/** What a device fetches to join: the agent in one file, and the relay's own authority if it has one. */
export class InstallFiles {
  readonly #bundle: Buffer | undefined;
  /** SHA-256 of the agent's file, hex; undefined when this relay has none. */
  readonly agentSha256: string | undefined;
  readonly #caPem: () => string | undefined;

  private constructor(bundle: Buffer | undefined, caPem: () => string | undefined) {
    this.#bundle = bundle;
    this.agentSha256 = bundle === undefined ? undefined : createHash('sha256').update(bundle).digest('hex');
    this.#caPem = caPem;
  }

  /** @param bundlePath the built `porchlight.mjs`; undefined: none is served */
  static async read(bundlePath: string | undefined, caPem: () => string | undefined): Promise<InstallFiles> {
    return new InstallFiles(bundlePath === undefined ? undefined : await readFile(bundlePath), caPem);
  }

  /** Answers with the file of this path, if there is one. */
  send(res: ServerResponse, path: string): boolean {
    const file =
      path === `${INSTALL_PATH}porchlight.mjs`
        ? { body: this.#bundle, type: 'text/javascript' }
        : path === `${INSTALL_PATH}ca.pem`
          ? { body: this.#caPem(), type: 'application/x-pem-file' }
          : undefined;
    if (file?.body === undefined) return false;
    res.writeHead(200, {
      'Content-Type': file.type,
      'Content-Length': Buffer.byteLength(file.body),
      'Cache-Control': 'no-cache',
      'X-Content-Type-Options': 'nosniff',
      'Content-Disposition': `attachment; filename="${path.slice(INSTALL_PATH.length)}"`,
    });
    res.end(file.body);
    return true;
  }
}
