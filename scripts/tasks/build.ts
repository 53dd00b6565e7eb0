/** `npm run build`: the dashboard, the client library as a package, and the program for devices with its size and start memory. */
import { spawnSync } from 'node:child_process';
import { dirname, relative } from 'node:path';
import { buildClientPackage } from '../client-package/build.ts';
import { buildBundle } from './bundle.ts';
import { buildDashboard } from './dashboard.ts';

const root = dirname(dirname(import.meta.dirname));
const dashboard = await buildDashboard(root);
if (!dashboard.ok) process.exitCode = 1;

console.log(`✓ ${relative(root, await buildClientPackage(root))}: the client library, ready to pack`);

const { file, bytes } = await buildBundle(root);
const peak = startMemory(file);
console.log(`✓ ${relative(root, file)}: ${(bytes / 1024).toFixed(0)} KB, ${peak} to start`);

/** Peak resident memory of `--help`, as the kernel counted it. */
function startMemory(program: string): string {
  const report = 'process.on("exit", () => process.stderr.write("maxRSS " + process.resourceUsage().maxRSS))';
  const { stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${report}`, program, '--help'],
    { encoding: 'utf8', timeout: 20_000 },
  );
  const kilobytes = /maxRSS (\d+)/.exec(stderr)?.[1];
  return kilobytes === undefined ? 'unknown memory' : `${Math.round(Number(kilobytes) / 1024)} MB`;
}
