/** What each source file imports, read with a parser: comments and strings that look like imports do not count. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

export interface Import {
  /** As written. */
  specifier: string;
  /** Path from the root with `/`, for relative imports; undefined for packages. */
  target: string | undefined;
  /** True when nothing of it is left at run time. */
  typeOnly: boolean;
}

export interface SourceFile {
  /** Path from the root with `/`. */
  path: string;
  imports: Import[];
  /** Set when the file could not be parsed, with the parser's reason. */
  broken?: string;
}

const SOURCE = /\.(?:ts|tsx|mts)$/;
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git']);

/** Reads every TypeScript file in the given folders below `root`. A folder that is not there has no files. */
export function readSources(root: string, folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) => filesIn(join(root, folder))).map((file) => readSource(root, file));
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesIn(join(folder, entry.name));
    return SOURCE.test(entry.name) && !entry.name.endsWith('.d.ts') ? [join(folder, entry.name)] : [];
  });
}

function readSource(root: string, file: string): SourceFile {
  const path = relative(root, file).split(sep).join('/');
  const imports: Import[] = [];
  let program: unknown;
  try {
    program = parseAst(readFileSync(file, 'utf8'), { lang: file.endsWith('x') ? 'tsx' : 'ts' }, file);
  } catch (error) {
    return { path, imports, broken: String(error) };
  }
  walk(program, (node) => {
    const source = node['source'];
    if (!IMPORTING.has(String(node['type'])) || !isNode(source) || typeof source['value'] !== 'string')
      return;
    const specifier = source['value'];
    const target = specifier.startsWith('.')
      ? join(dirname(path), specifier).split(sep).join('/')
      : undefined;
    imports.push({ specifier, target, typeOnly: isTypeOnly(node) });
  });
  return { path, imports };
}

const IMPORTING = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);

function isTypeOnly(node: Node): boolean {
  if (node['type'] === 'TSImportType') return true;
  if (node['importKind'] === 'type' || node['exportKind'] === 'type') return true;
  const specifiers = node['specifiers'];
  if (!Array.isArray(specifiers) || specifiers.length === 0) return false;
  return specifiers.every((each) => each.importKind === 'type' || each.exportKind === 'type');
}

type Node = Record<string, unknown>;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (!isNode(value)) return;
  if (typeof value['type'] === 'string') visit(value);
  for (const child of Object.values(value)) walk(child, visit);
}
