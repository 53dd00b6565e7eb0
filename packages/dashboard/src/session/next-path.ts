/**
 * Where to go after signing in. Only paths of this very origin are followed, so that a link to the sign-in page
 * cannot lead elsewhere (`//evil`, `/\evil` and the like fall back to the start page).
 */
export function safeNext(next: string | null, origin: string): string {
  if (next === null || !/^\/(?![/\\])/.test(next) || hasControl(next)) return '/';
  const url = URL.parse(next, origin);
  if (url === null || url.origin !== origin || url.pathname === '/sign-in') return '/';
  // `/.//evil` is of this origin as written, but its normal form `//evil` would not be.
  if (url.pathname.startsWith('//')) return '/';
  return url.pathname + url.search + url.hash;
}

/** Tabs and line breaks: URL parsers drop them, which would turn `/<tab>/evil` into `//evil`. */
function hasControl(text: string): boolean {
  return [...text].some((char) => char < ' ' || char === '\u007f');
}

/** Address of the sign-in page that leads back to `path`. */
export function signInPath(path: string): string {
  return path === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(path)}`;
}
