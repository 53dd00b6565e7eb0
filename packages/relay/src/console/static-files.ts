import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';

const TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.ico', 'image/x-icon'],
  ['.json', 'application/json'],
  ['.webmanifest', 'application/manifest+json'],
  ['.txt', 'text/plain; charset=utf-8'],
]);
/** Smaller files are not worth packing. */
const PACK_FROM = 1024;

interface StaticFile {
  readonly body: Buffer;
  readonly packed: Buffer | undefined;
  readonly type: string;
  readonly etag: string;
  readonly cache: string;
}

const SECURITY_HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

/** The dashboard's built files, read once and kept packed: about half a megabyte. */
export class StaticFiles {
  readonly #files: ReadonlyMap<string, StaticFile>;

  private constructor(files: ReadonlyMap<string, StaticFile>) {
    this.#files = files;
  }

  /** Reads a folder, with the folders in it. */
  static async read(folder: string): Promise<StaticFiles> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = await Promise.all(
      entries
        .filter((entry) => entry.isFile())
        .map(async (entry): Promise<[string, StaticFile]> => {
          const path = join(entry.parentPath, entry.name);
          const url = `/${relative(folder, path).split(sep).join('/')}`;
          return [url, toStaticFile(url, await readFile(path))];
        }),
    );
    return new StaticFiles(new Map(files));
  }

  /** Answers with the file of this path; a path without a dot is one of the app's own and gets its page. */
  send(req: IncomingMessage, res: ServerResponse, path: string): boolean {
    const file = this.#files.get(path) ?? (path.includes('.') ? undefined : this.#files.get('/index.html'));
    if (file === undefined) return false;
    if (req.headers['if-none-match'] === file.etag) {
      res.writeHead(304, { ETag: file.etag, 'Cache-Control': file.cache });
      res.end();
      return true;
    }
    const gzip = file.packed !== undefined && takesGzip(req.headers['accept-encoding']);
    const body = gzip ? (file.packed ?? file.body) : file.body;
    res.writeHead(200, {
      ...SECURITY_HEADERS,
      'Content-Type': file.type,
      'Content-Length': body.length,
      'Cache-Control': file.cache,
      ETag: file.etag,
      Vary: 'Accept-Encoding',
      ...(gzip ? { 'Content-Encoding': 'gzip' } : {}),
    });
    res.end(req.method === 'HEAD' ? undefined : body);
    return true;
  }
}

/** RFC 9110 §12.5.3; `gzip;q=0` says that it does not. */
function takesGzip(header: string | string[] | undefined): boolean {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  return /(?:^|,)\s*(?:x-)?gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)/i.test(text);
}

function toStaticFile(url: string, body: Buffer): StaticFile {
  return {
    body,
    packed: body.length >= PACK_FROM ? gzipSync(body, { level: 9 }) : undefined,
    type: TYPES.get(extname(url)) ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    // Vite puts a digest into the names of what is below assets/.
    cache: url.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
}
