import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkArrows } from './index.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'arrows-'));
  for (const folder of ['packages', 'demo', 'test', 'scripts']) mkdirSync(join(root, folder));
});
afterEach(() => rmSync(root, { recursive: true }));

function problemsOf(files: Record<string, string>): string[] {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return checkArrows(root).problems;
}

const planted: [name: string, path: string, text: string, says: RegExp][] = [
  [
    'protocol imports a package',
    'packages/protocol/src/a.ts',
    `import '@porchlight/relay';`,
    /no other package/,
  ],
  ['protocol uses Node', 'packages/protocol/src/a.ts', `import { join } from 'node:path';`, /browser/],
  ['agent imports relay', 'packages/agent/src/a.ts', `import '@porchlight/relay';`, /may import only/],
  [
    'a type counts too',
    'packages/agent/src/a.ts',
    `import type { A } from '@porchlight/relay';`,
    /may import/,
  ],
  ['relative path out', 'packages/agent/src/a.ts', `import '../../relay/src/a.ts';`, /leaves/],
  ['testkit in a program', 'packages/relay/src/a.ts', `import '@porchlight/testkit';`, /for tests/],
  ['domain imports storage', 'packages/relay/src/ssh/a.ts', `import '../storage/index.ts';`, /roots/],
  ['domain imports api', 'packages/relay/src/ssh/a.ts', `await import('../api/index.ts');`, /roots/],
  ['domain imports the root', 'packages/relay/src/ssh/a.ts', `export * from '../relay.ts';`, /roots/],
  ['past an index', 'packages/relay/src/ssh/a.ts', `import { a } from '../links/a.ts';`, /index.ts/],
];

test.each(planted)('%s', (_name, path, text, says) => {
  expect(problemsOf({ [path]: text })).toEqual([expect.stringMatching(says)]);
});

test('what is allowed passes', () => {
  const problems = problemsOf({
    'packages/relay/src/relay.ts': `import '@porchlight/protocol'; import './storage/index.ts';`,
    'packages/relay/src/ssh/a.ts': `import '../links/index.ts'; import type { A } from '../links/port.ts';`,
    'packages/relay/src/ssh/a.test.ts': `import '@porchlight/testkit'; import '../storage/a.ts';`,
    'packages/relay/src/ssh/b.ts': `// import '../api/a.ts'\nexport const text = "import '../api/a.ts'";`,
  });
  expect(problems).toEqual([]);
});

test('a cycle is found, one of types alone is not', () => {
  const problems = problemsOf({
    'demo/a.ts': `import './b.ts';`,
    'demo/b.ts': `import './a.ts';`,
    'demo/c.ts': `import type { D } from './d.ts';`,
    'demo/d.ts': `import './c.ts';`,
  });
  expect(problems).toEqual(['import cycle: demo/a.ts → demo/b.ts → demo/a.ts']);
});

test('this checkout has no violation, and more than 50 files were seen', () => {
  const { files, problems } = checkArrows(dirname(dirname(import.meta.dirname)));
  expect(problems).toEqual([]);
  expect(files).toBeGreaterThan(50);
});
