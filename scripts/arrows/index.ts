import { cycles } from './cycles.ts';
import { readSources } from './imports.ts';
import { violations } from './rules.ts';

/** Reads all TypeScript below `root` and gives how many files it saw and one line a violation. */
export function checkArrows(root: string): { files: number; problems: string[] } {
  const files = readSources(root, ['packages', 'demo', 'test', 'scripts']);
  return { files: files.length, problems: [...files.flatMap(violations), ...cycles(files)] };
}
