/** Finds files that need each other while they are being loaded. Type-only imports are gone by then. */
import type { SourceFile } from './imports.ts';

/** One line for each import that closes a circle: `a.ts → b.ts → a.ts`. */
export function cycles(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const found: string[] = [];

  function visit(path: string, trail: readonly string[]): void {
    const start = trail.indexOf(path);
    if (start >= 0) {
      found.push(`import cycle: ${[...trail.slice(start), path].join(' → ')}`);
      return;
    }
    const file = byPath.get(path);
    if (file === undefined || done.has(path)) return;
    for (const each of file.imports) {
      if (each.target !== undefined && !each.typeOnly) visit(each.target, [...trail, path]);
    }
    done.add(path);
  }

  for (const { path } of files) visit(path, []);
  return found;
}
