import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';

export const INSTALL_PATH = '/install/';
/**
 * The installer for devices with nothing but ssh. It is served over plain HTTP too: busybox's wget often knows no other,
 * and the line that fetches it runs it only if it has the hash that the line came with.
 */
export const PHONE_HOME_PATH = `${INSTALL_PATH}phone-home.sh`;
const PHONE_HOME_FILE = fileURLToPath(new URL('../../install/phone-home.sh', import.meta.url));

interface InstallFile {
  readonly body: Buffer | string | undefined;
  readonly type: string;
}

/** What a device fetches to join: the agent in one file, the relay's own authority if it has one, the installer. */
export class InstallFiles {
  readonly #files: ReadonlyMap<string, () => InstallFile>;
  /** SHA-256 of the agent's file, hex; undefined when this relay has none. */
  readonly agentSha256: string | undefined;
  /** SHA-256 of the installer, hex. */
  readonly phoneHomeSha256: string;

  private constructor(bundle: Buffer | undefined, phoneHome: Buffer, caPem: () => string | undefined) {
    this.agentSha256 = bundle === undefined ? undefined : sha256(bundle);
    this.phoneHomeSha256 = sha256(phoneHome);
    this.#files = new Map<string, () => InstallFile>([
      [`${INSTALL_PATH}porchlight.mjs`, () => ({ body: bundle, type: 'text/javascript' })],
      [`${INSTALL_PATH}ca.pem`, () => ({ body: caPem(), type: 'application/x-pem-file' })],
      [PHONE_HOME_PATH, () => ({ body: phoneHome, type: 'text/x-shellscript' })],
    ]);
  }

  /** @param bundlePath the built `porchlight.mjs`; undefined: none is served */
  static async read(bundlePath: string | undefined, caPem: () => string | undefined): Promise<InstallFiles> {
    const bundle = bundlePath === undefined ? undefined : await readFile(bundlePath);
    return new InstallFiles(bundle, await readFile(PHONE_HOME_FILE), caPem);
  }

  /** Answers with the file of this path, if there is one. */
  send(res: ServerResponse, path: string): boolean {
    const file = this.#files.get(path)?.();
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

/** SHA-256 of the installer as this program brings it, hex. */
export async function phoneHomeSha256(): Promise<string> {
  return sha256(await readFile(PHONE_HOME_FILE));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
