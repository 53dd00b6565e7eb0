import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { apiTypes } from './api-types.ts';

const IMPORT = /(from |import\()(['"])([^'"]+)\2/g;

/** Writes the declarations of the client below `out`, with all that they need. @throws Error when tsc finds a fault */
export function writeDeclarations(root: string, entries: readonly string[], out: string): void {
  const work = mkdtempSync(join(root, 'node_modules/.client-types-'));
  try {
    const config = join(work, 'tsconfig.json');
    const compilerOptions = {
      ...{ noEmit: false, declaration: true, emitDeclarationOnly: true },
      ...{ outDir: join(work, 'out'), rootDir: join(root, 'packages') },
    };
    const files = [...entries, 'packages/protocol/src/errors.ts'].map((entry) => join(root, entry));
    writeFileSync(
      config,
      JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: [], files }),
    );
    const { status, stdout } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '-p', config],
      {
        encoding: 'utf8',
      },
    );
    if (status !== 0) throw new Error(`no declarations: ${stdout}`);
    copy(join(work, 'out'), out, root);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function copy(from: string, out: string, root: string): void {
  const client = join(from, 'client/src');
  const wanted = new Set<string>();
  for (const file of readdirSync(client, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts')) continue;
    const up = relative(dirname(join(client, file)), client) || '.';
    const text = readFileSync(join(client, file), 'utf8');
    for (const [, names = ''] of text.matchAll(
      /(?:import|export) type \{([^}]*)\} from '@porchlight\/protocol\/api'/g,
    )) {
      for (const name of names.split(',').map((one) => one.trim().split(' ')[0] ?? '')) {
        if (name !== '') wanted.add(name);
      }
    }
    write(
      join(out, file),
      text.replace(IMPORT, (_all, word: string, quote: string, path: string) => {
        const target = path.startsWith('.')
          ? path.replace(/\.ts$/, '.js')
          : (OURS.get(path)?.replace('~', up) ?? path);
        return `${word}${quote}${target}${quote}`;
      }),
    );
  }
  write(join(out, 'protocol/errors.d.ts'), readFileSync(join(from, 'protocol/src/errors.d.ts'), 'utf8'));
  const types = apiTypes(root);
  const needed = [...wanted].sort().map((name) => {
    const text = types.get(name);
    if (text === undefined) throw new Error(`the type ${name} of the API is not published`);
    return text;
  });
  write(join(out, 'protocol/api.d.ts'), needed.join('\n'));
}

/** Where the published types of workspace packages are; `~` is the folder of the client's. */
const OURS = new Map([
  ['@porchlight/protocol', '~/protocol/errors.js'],
  ['@porchlight/protocol/api', '~/protocol/api.js'],
]);

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
