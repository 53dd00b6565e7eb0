import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLE, buildBundle } from './bundle.ts';
import type { Outcome } from './run-quietly.ts';
import { stampOf } from './stamp.ts';

/** What the program for devices depends on. */
const SOURCES = [
  'packages/{protocol,link,agent,cli}/{src/**/*.ts,package.json}',
  'scripts/tasks/bundle.ts',
  'package-lock.json',
];

/** Builds `dist/porchlight.mjs`, unless what is there was made from the same sources. */
export async function buildDeviceProgram(root: string): Promise<Outcome> {
  const name = 'agent file';
  const stamp = stampOf(root, 'device-program', SOURCES);
  if (stamp.fresh && existsSync(join(root, BUNDLE))) return { name, ok: true, seconds: 0 };
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  try {
    await buildBundle(root);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    console.log(`✗ ${name.padEnd(12)} ${seconds().toFixed(1)} s`);
    return { name, ok: false, seconds: seconds() };
  }
  stamp.keep();
  console.log(`✓ ${name.padEnd(12)} ${seconds().toFixed(1)} s`);
  return { name, ok: true, seconds: seconds() };
}
