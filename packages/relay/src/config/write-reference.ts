/** Writes the generated pages: `node packages/relay/src/config/write-reference.ts`, from anywhere. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configExample, configReference } from './reference.ts';

const root = join(import.meta.dirname, '../../../..');
for (const [path, text] of [
  ['docs/reference/relay-configuration.md', configReference()],
  ['deploy/relay.example.yaml', configExample()],
] as const) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
