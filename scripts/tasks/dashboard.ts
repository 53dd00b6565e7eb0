import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, runQuietly } from './run-quietly.ts';

/** What the built dashboard depends on. */
const SOURCES = [
  'packages/dashboard/{src,public}/**/*.*',
  'packages/dashboard/{index.html,vite.config.ts,package.json}',
  'packages/{protocol,client}/src/**/*.ts',
  'package-lock.json',
];

/** Builds the dashboard into packages/dashboard/dist, unless what is there was made from the same sources. */
export async function buildDashboard(root: string): Promise<Outcome> {
  const folder = join(root, 'packages', 'dashboard');
  const stamp = join(root, '.porchlight', 'dashboard-built-from');
  const wanted = digest(root);
  if (existsSync(join(folder, 'dist', 'index.html')) && existsSync(stamp)) {
    if (readFileSync(stamp, 'utf8') === wanted) return { name: 'dashboard', ok: true, seconds: 0 };
  }
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const outcome = await runQuietly('dashboard', process.execPath, [vite, 'build'], folder);
  if (outcome.ok) {
    mkdirSync(join(root, '.porchlight'), { recursive: true });
    writeFileSync(stamp, wanted);
  }
  return outcome;
}

function digest(root: string): string {
  const hash = createHash('sha256');
  const files = globSync(SOURCES, { cwd: root })
    .filter((file) => !/\.test\.tsx?$/.test(file))
    .sort();
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex');
}
