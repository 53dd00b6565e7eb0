import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Remembers from which sources something was built, so that it is built again only when they have changed. */
export interface Stamp {
  /** The sources are the same as at the last {@link keep}. */
  readonly fresh: boolean;
  /** Notes that what is there now was built from the sources as they were when this stamp was made. */
  keep(): void;
}

/** @param sources glob patterns below `root`; tests do not count */
export function stampOf(root: string, name: string, sources: readonly string[]): Stamp {
  const file = join(root, '.porchlight', `${name}-built-from`);
  const wanted = digest(root, sources);
  return {
    fresh: existsSync(file) && readFileSync(file, 'utf8') === wanted,
    keep() {
      mkdirSync(join(root, '.porchlight'), { recursive: true });
      writeFileSync(file, wanted);
    },
  };
}

function digest(root: string, sources: readonly string[]): string {
  const hash = createHash('sha256');
  const files = globSync([...sources], { cwd: root })
    .filter((file) => !/\.test\.tsx?$/.test(file))
    .sort();
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex');
}
