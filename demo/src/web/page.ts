import { readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { basename, extname, join } from 'node:path';

const TYPES = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
]);

/**
 * A program's own page: the files of `folder`, and the style that all pages share as `base.css`.
 * All links in it are relative, so that it works below any path.
 */
export class Page {
  readonly #files = new Map<string, { type: string; body: Buffer }>();

  constructor(folder: string) {
    const own = readdirSync(folder).map((name) => join(folder, name));
    for (const path of [...own, join(import.meta.dirname, 'base.css')]) {
      const type = TYPES.get(extname(path)) ?? 'application/octet-stream';
      this.#files.set(basename(path), { type, body: readFileSync(path) });
    }
  }

  /** Answers if `path` is one of the page's files. */
  serve(method: string | undefined, path: string, response: ServerResponse): boolean {
    const file = this.#files.get(path === '/' ? 'index.html' : path.slice(1));
    if (file === undefined || (method !== 'GET' && method !== 'HEAD')) return false;
    response.writeHead(200, {
      'content-type': file.type,
      'content-length': file.body.length,
      'cache-control': 'no-cache',
      'content-security-policy': "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    });
    response.end(method === 'HEAD' ? undefined : file.body);
    return true;
  }
}
