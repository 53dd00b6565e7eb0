import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, runQuietly } from './run-quietly.ts';
import { stampOf } from './stamp.ts';

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
  const stamp = stampOf(root, 'dashboard', SOURCES);
  if (stamp.fresh && existsSync(join(folder, 'dist', 'index.html'))) {
    return { name: 'dashboard', ok: true, seconds: 0 };
  }
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const outcome = await runQuietly('dashboard', process.execPath, [vite, 'build'], folder);
  if (outcome.ok) stamp.keep();
  return outcome;
}
