/** `npm start`: the relay and the demo home on loopback, with a dashboard that fits the sources. */
import { dirname } from 'node:path';
import { buildDashboard } from './dashboard.ts';

const { ok } = await buildDashboard(dirname(dirname(import.meta.dirname)));
const main = new URL('../../demo/src/main.ts', import.meta.url);
if (ok) await import(main.href);
else process.exitCode = 1;
