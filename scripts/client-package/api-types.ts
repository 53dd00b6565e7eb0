import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as api from '../../packages/protocol/src/api/index.ts';
import { type Side, typeText } from './zod-type.ts';

const ALIAS =
  /((?:\/\*\*(?:[^*]|\*(?!\/))*\*\/\n)?)export type (\w+) = z\.(infer|input|output)<typeof (\w+)>;/g;

/** The types of the API by name, as declarations that need no schema library. */
export function apiTypes(root: string): ReadonlyMap<string, string> {
  const folder = join(root, 'packages/protocol/src/api');
  const found = new Map<string, string>();
  for (const file of readdirSync(folder).filter((name) => /(?<!\.test)\.ts$/.test(name))) {
    for (const [, doc = '', name = '', kind, schema = ''] of readFileSync(
      join(folder, file),
      'utf8',
    ).matchAll(ALIAS)) {
      const side: Side = kind === 'input' ? 'input' : 'output';
      found.set(name, `${doc}export type ${name} = ${typeText(Reflect.get(api, schema), side)};\n`);
    }
  }
  return found;
}
