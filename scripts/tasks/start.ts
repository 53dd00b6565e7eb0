/** `npm start`: the relay and the demo home on loopback, with a dashboard and an agent file that fit the sources. */
import { dirname } from 'node:path';
import { buildDashboard } from './dashboard.ts';
import { buildDeviceProgram } from './device-program.ts';

const root = dirname(dirname(import.meta.dirname));
const built = await Promise.all([buildDashboard(root), buildDeviceProgram(root)]);
const main = new URL('../../demo/src/main.ts', import.meta.url);
if (built.every(({ ok }) => ok)) await import(main.href);
else process.exitCode = 1;
