// Whether node_modules holds what package-lock.json asks for.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Compares package-lock.json with the list that npm keeps of what it put into node_modules, so that an
 * `npm install` or `npm ci` made by hand is not done again. Packages for other platforms may be absent.
 */
export function fits(root) {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(hidden);
  for (const [path, entry] of wanted) {
    const found = present.get(path);
    if (found === undefined ? !entry.optional && !entry.devOptional : found.version !== entry.version)
      return false;
  }
  return [...present.keys()].every((path) => wanted.has(path));
}

function packagesOf(file) {
  const { packages } = JSON.parse(readFileSync(file, 'utf8'));
  return new Map(Object.entries(packages).filter(([path]) => path.startsWith('node_modules/')));
}
