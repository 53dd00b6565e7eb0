import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import type { TestDevice } from '@porchlight/testkit';
import { type Handover, join } from '../../demo/src/sensor/index.ts';

/** Makes a device a base station on loopback, with more lines of its settings, e.g. `  passOn: true\n`. */
export async function makeBaseStation({ dataFolder, agent }: TestDevice, more = ''): Promise<void> {
  const path = joinPath(dataFolder, 'agent.yaml');
  const text = (await readFile(path, 'utf8')).replace(/baseStation:[\s\S]*$/, '');
  const ports = ['http', 'mqtt', 'mqtts'].map((each) => `  ${each}: 127.0.0.1:0\n`).join('');
  await writeFile(path, `${text}baseStation:\n${ports}${more}`);
  await agent.reload();
}

/** A WiFi device that asks: the code that it shows, and what it gets in the end; undefined: it was denied. */
export function askBaseStation(
  { agent }: TestDevice,
  name: string,
  signal: AbortSignal,
): { code: Promise<string>; outcome: Promise<Handover | undefined> } {
  const code = Promise.withResolvers<string>();
  const { privateKey: key } = generateKeyPairSync('ed25519');
  const baseStation = `http://127.0.0.1:${agent.baseStation.station?.httpPort}`;
  const outcome = join({ baseStation, name, key, everyMs: 100, signal, showCode: code.resolve });
  // Told by the code if it comes before that; a test that has ended hears nothing of it.
  outcome.catch(code.reject);
  code.promise.catch(() => undefined);
  return { code: code.promise, outcome };
}
