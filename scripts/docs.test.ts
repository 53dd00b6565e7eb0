/** Holds the documentation to what is there: links, npm commands, command lines, policies and configurations. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { AgentConfigFile } from '@porchlight/agent';
import { checkPolicy } from '@porchlight/protocol/policy';
import { loadConfig } from '@porchlight/relay';
import { describe, expect, it } from 'vitest';
import { agentCommand } from '../packages/cli/src/agent/agent-command.ts';
import { createProgram } from '../packages/cli/src/program.ts';
import { relayCommand } from '../packages/cli/src/relay/relay-command.ts';

const root = dirname(import.meta.dirname);
const program = createProgram([relayCommand(), agentCommand()]);
const scripts: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;

/** Every Markdown file of the checkout, also those that are not committed yet. */
const files = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard', '--', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter((name) => name !== '' && existsSync(join(root, name)))
  .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));

it('saw the documentation', () => {
  expect(files.length).toBeGreaterThan(10);
  expect(files.map(({ name }) => name)).toContain('docs/guides/first-relay.md');
});

describe.each(files)('$name', ({ name, text }) => {
  it('has links that lead somewhere', () => {
    expect(linksIn(text).flatMap((link) => brokenLink(name, link) ?? [])).toEqual([]);
  });

  it('names npm commands that exist', () => {
    const named = [...text.matchAll(/npm run ([a-z:-]+)/g)].map((match) => match[1] ?? '');
    expect(named.filter((one) => !Object.hasOwn(scripts as object, one))).toEqual([]);
  });

  it('names porchlight commands and flags that exist', () => {
    expect(commandLinesIn(text).flatMap((line) => unknownIn(line) ?? [])).toEqual([]);
  });

  it('shows policies without mistakes', () => {
    expect(blocksIn(text, 'policy').flatMap((policy) => checkPolicy(policy))).toEqual([]);
  });

  it('shows configurations that the relay takes, or the agent', async () => {
    for (const yaml of blocksIn(text, 'yaml')) {
      if (yaml.startsWith('# agent.yaml\n')) {
        await readAgentConfig(yaml);
        continue;
      }
      expect(() =>
        loadConfig({ options: { config: '/relay.yaml' }, env: {}, readFile: () => yaml }),
      ).not.toThrow();
    }
  });
});

/** @throws ConfigError */
async function readAgentConfig(yaml: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'porchlight-docs-'));
  try {
    writeFileSync(join(folder, 'agent.yaml'), yaml);
    await new AgentConfigFile(folder).read();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it('would notice', async () => {
  await expect(readAgentConfig('# agent.yaml\nbaseStations: {}\n')).rejects.toThrow(/not a known key/);
  expect(brokenLink('docs/guides/README.md', 'no-such-file.md')).toBeDefined();
  expect(brokenLink('README.md', 'ARCHITECTURE.md#no-such-heading')).toBeDefined();
  expect(brokenLink('README.md', 'ARCHITECTURE.md#life-of-a-request')).toBeUndefined();
  expect(unknownIn('porchlight agent dance')).toBeDefined();
  expect(unknownIn('porchlight agent join --faster')).toBeDefined();
  expect(unknownIn('porchlight relay token add alice --uses 5')).toBeUndefined();
});

/** Targets of inline links, pictures and `srcset`, outside of code. */
function linksIn(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  const inline = [...prose.matchAll(/\]\(([^)\s]+)\)/g)];
  const html = [...prose.matchAll(/(?:src|srcset|href)="([^"]+)"/g)];
  return [...inline, ...html].map((match) => match[1] ?? '');
}

/** What is wrong with a relative link; those to other sites are not looked at. */
function brokenLink(from: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? join(root, from) : resolve(root, dirname(from), path);
  if (relative(root, file).startsWith('..') || !existsSync(file)) return `${link}: there is no such file`;
  if (anchor === undefined || !file.endsWith('.md')) return undefined;
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm);
  const anchors = [...headings].map((match) => slugOf(match[1] ?? ''));
  return anchors.includes(anchor) ? undefined : `${link}: there is no such heading`;
}

/** The anchor that GitHub gives to a heading. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

function blocksIn(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    (match) => match[1] ?? '',
  );
}

/** Command lines with `porchlight relay` or `porchlight agent` in shell blocks and code spans. */
function commandLinesIn(text: string): string[] {
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  const lines = blocksIn(text, 'sh').flatMap((block) => block.replaceAll(/\\\n\s*/g, '').split('\n'));
  return [...spans, ...lines].flatMap(
    (line) => /porchlight(?:\.mjs)? (?:relay|agent)\b.*/.exec(line)?.[0] ?? [],
  );
}

/** What in a command line the command does not know. */
function unknownIn(line: string): string | undefined {
  const words = line.replace(/ #.*$/, '').split(/\s+/).slice(1);
  let command = program;
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) break;
    command = next;
  }
  const takesMore = command.registeredArguments.length > 0 || command === program;
  const first = words[depthOf(command)];
  if (!takesMore && first !== undefined && /^[a-z]+$/.test(first) && command.commands.length > 0) {
    return `${line}: there is no ${first}`;
  }
  const known = new Set(command.options.map((option) => option.long));
  const flag = words.find(
    (word) => /^--[a-z]/.test(word) && !known.has(word.split('=')[0]) && word !== '--help',
  );
  return flag === undefined ? undefined : `${line}: there is no ${flag}`;
}

function depthOf(command: typeof program): number {
  let depth = 0;
  for (let each = command; each.parent !== null; each = each.parent) depth += 1;
  return depth;
}
