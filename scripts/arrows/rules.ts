/** Which folder may import which. ARCHITECTURE.md draws the same arrows. */
import type { Import, SourceFile } from './imports.ts';

/** Package folder → the workspace packages that its code (not its tests) may import. */
const PACKAGES = new Map<string, readonly string[]>([
  ['packages/protocol', []],
  ['packages/link', ['protocol']],
  ['packages/relay', ['protocol', 'link']],
  ['packages/agent', ['protocol', 'link']],
  ['packages/client', ['protocol']],
  ['packages/cli', ['protocol', 'client', 'relay', 'agent']],
  ['packages/dashboard', ['protocol', 'client']],
  ['packages/testkit', ['protocol', 'link', 'relay', 'agent', 'client']],
  ['demo', ['protocol', 'relay', 'agent', 'client']],
]);

/** Packages whose folders are domains that are entered only through their index.ts. */
const WITH_DOMAINS = ['packages/relay', 'packages/agent'];

/** What puts a program together: the files directly in the relay's src, its groups in wiring/, and the console. */
const ROOTS = /^packages\/relay\/src\/(?:[^/]+|wiring\/[^/]+|console\/[^/]+)\.ts$/;

/** Folders and files of the relay that its domains must not know. */
const OUTERMOST = ['packages/relay/src/storage', 'packages/relay/src/api', 'packages/relay/src/relay.ts'];

/** One line for each import of `file` that goes against an arrow. */
export function violations(file: SourceFile): string[] {
  if (file.broken !== undefined) return [`${file.path}: ${file.broken}`];
  return file.imports.flatMap((each) => {
    const reason =
      packageRule(file.path, each) ?? outermostRule(file.path, each) ?? indexRule(file.path, each);
    return reason === undefined ? [] : [`${file.path}: imports ${each.specifier}: ${reason}`];
  });
}

/** A `…-rig.ts` sets up what several tests stand on. */
function isTest(path: string): boolean {
  return path.startsWith('test/') || /(?:\.test|-rig)\.tsx?$/.test(path);
}

function packageOf(path: string): string | undefined {
  return [...PACKAGES.keys()].find((folder) => path.startsWith(`${folder}/`));
}

function packageRule(path: string, { specifier, target }: Import): string | undefined {
  const from = packageOf(path);
  if (from === undefined) return undefined;
  if (target !== undefined) {
    const leaves = !target.startsWith(`${from}/`);
    return leaves ? `leaves ${from}; import the package by its name` : undefined;
  }
  const name = /^@porchlight\/([^/]+)/.exec(specifier)?.[1];
  if (name === 'testkit')
    return isTest(path) || from.endsWith('/testkit') ? undefined : 'testkit is for tests';
  if (isTest(path)) return undefined;
  if (specifier.startsWith('node:') && from === 'packages/protocol') {
    return 'protocol runs in a browser too, so it cannot use Node';
  }
  const allowed = PACKAGES.get(from) ?? [];
  if (name === undefined || `packages/${name}` === from || allowed.includes(name)) return undefined;
  return `${from} may import only: ${allowed.join(', ') || 'no other package'}`;
}

function outermostRule(path: string, { target }: Import): string | undefined {
  // Other packages are kept out by their names; what makes the reference pages may look at anything.
  if (!path.startsWith('packages/relay/')) return undefined;
  if (target === undefined || isTest(path) || ROOTS.test(path)) return undefined;
  const hit = OUTERMOST.find((each) => within(target, each) && !within(path, each));
  return hit === undefined ? undefined : `only the relay's roots may import ${hit.split('/').pop()}`;
}

function indexRule(path: string, { target, typeOnly }: Import): string | undefined {
  if (target === undefined || isTest(path) || typeOnly || packageOf(path) === undefined) return undefined;
  const into = domainOf(target);
  if (into === undefined || into === domainOf(path) || target === `${into}/index.ts`) return undefined;
  return `enter ${into} through its index.ts, or import only types`;
}

/** `packages/relay/src/devices` for any file in it; undefined for files that lie directly in src. */
function domainOf(path: string): string | undefined {
  const base = WITH_DOMAINS.find((each) => path.startsWith(`${each}/src/`));
  if (base === undefined) return undefined;
  const [folder, ...rest] = path.slice(`${base}/src/`.length).split('/');
  return rest.length === 0 ? undefined : `${base}/src/${folder}`;
}

function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
