import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeDeclarations } from '../client-package/declarations.ts';
import { heading } from './markdown.ts';

const ENTRIES = [
  { name: '@porchlight/client', file: 'index' },
  { name: '@porchlight/client/node', file: 'node/index' },
  { name: '@porchlight/client/hue', file: 'hue/index' },
];
const root = dirname(dirname(import.meta.dirname));

/** The page docs/reference/client.md: every declaration that the library exports, with what is said of it. */
export function clientPage(): string {
  const folder = mkdtempSync(join(root, 'node_modules/.client-reference-'));
  try {
    const sources = ENTRIES.map(({ file }) => `packages/client/src/${file}.ts`);
    writeDeclarations(root, sources, folder);
    const sections = ENTRIES.map(({ name, file }) => {
      const declarations = exportsOf(join(folder, `${file}.d.ts`)).map(
        ({ as, text }) => `### \`${as}\`\n\n\`\`\`ts\n${text}\n\`\`\`\n`,
      );
      return `## \`${name}\`\n\n${declarations.join('\n')}`;
    });
    const intro = 'How to use it: [the guide](../guides/client-library.md).';
    return `${heading('Client library', 'the docstrings in packages/client')}\n${intro}\n\n${sections.join('\n')}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Exported {
  readonly as: string;
  /** The declaration with its docstring. */
  readonly text: string;
}

/** What a file of declarations exports, in order; types of the API are described by the API's own page. */
function exportsOf(file: string): Exported[] {
  const text = readFileSync(file, 'utf8');
  const found: Exported[] = [];
  for (const [, star, names = '', from = ''] of text.matchAll(
    /^export (?:type )?(?:(\*)|\{([^}]*)\}) from ['"]([^'"]+)['"];/gm,
  )) {
    if (from.includes('protocol/api')) continue;
    const target = join(dirname(file), from.replace(/\.js$/, '.d.ts'));
    const all = exportsOf(target);
    if (star === undefined) found.push(...named(names, all, target));
    else found.push(...all);
  }
  const own =
    /^((?:\/\*\*(?:[^*]|\*(?!\/))*\*\/\n)?)export (?:declare )?(?:abstract )?(?:class|interface|type|function|const) (\w+)(?:[^\n]*;$|[\s\S]*?^\}(?![^\n]*\{$)[^\n]*$)/gm;
  for (const match of text.matchAll(own)) found.push({ as: match[2] ?? '', text: cleaned(match[0]) });
  return found;
}

function named(names: string, all: readonly Exported[], file: string): Exported[] {
  return names.split(',').flatMap((part) => {
    const [from = '', as = from] = part
      .trim()
      .replace(/^type /, '')
      .split(' as ');
    if (from === '') return [];
    const one = all.find((each) => each.as === from);
    if (one === undefined) throw new Error(`${file} does not declare ${from}`);
    return [{ as, text: one.text }];
  });
}

/** Without what is for compilers. */
function cleaned(text: string): string {
  return text
    .replace(/^ +(?:#private|private [^\n]*);\n/gm, '')
    .replaceAll(/\bdeclare /g, '')
    .replaceAll('\t', '  ');
}
