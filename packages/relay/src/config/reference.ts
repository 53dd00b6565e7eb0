import type { ConfigKey } from './keys.ts';
import { configKeys, configNodes } from './relay-config.ts';

const INTRODUCTION = `# Configuration of the relay

Made from the schema in packages/relay/src/config by \`npm run reference\`: change it there.

Each key can be set in four places. A flag goes before the environment, that before the file, that before the default.

- **Flags**: \`porchlight relay --domain relay.example --https 443\`.
- **Environment**: \`PORCHLIGHT_DOMAIN=relay.example\`. An empty value counts as not set. The relay starts with a warning
  for each \`PORCHLIGHT_…\` name that it does not know.
- **File**: \`--config FILE\` or \`PORCHLIGHT_CONFIG\`, in YAML (example: [relay.example.yaml](../../deploy/relay.example.yaml)).
  Unknown keys stop the relay. A listener can be written short: \`https: 443\`, \`http: off\`.
- A **secret** is better kept in a file of its own that the \`…_FILE\` name points to. Secrets are never printed.

Relative paths start at the folder of the file that they stand in; those of flags and environment at the working folder.

The default ports (8080, 8443, 2222) and the domain \`localhost\` need no privilege and listen on 127.0.0.1 only. A relay
for others wants a domain of its own, \`--http 80 --https 443\`, and an SSH port that its own sshd leaves free.
`;

const cell = (text: string) => text.replaceAll('|', '\\|');
const code = (text: string) => `\`${cell(text)}\``;

function row(key: ConfigKey): string {
  const env = key.secret === true ? `${code(key.env)}<br>${code(`${key.env}_FILE`)}` : code(key.env);
  const fallback = key.default === undefined || key.default === '' ? 'none' : code(key.default);
  const unit = key.unit === undefined ? '' : ` ${key.unit}`;
  const flag = key.flag === undefined ? '' : code(`--${key.flag}`);
  return `| ${code(key.name)} | ${flag} | ${env} | ${fallback}${unit} | ${cell(key.description)} |`;
}

function table(keys: Iterable<ConfigKey>): string {
  return [
    '| key | flag | environment | default | meaning |',
    '|---|---|---|---|---|',
    ...[...keys].map(row),
    '',
  ].join('\n');
}

/** The page docs/reference/relay-configuration.md. */
export function configReference(): string {
  const general = configKeys.filter((key) => key.path.length === 1);
  const parts = [INTRODUCTION, '## General\n', table(general)];
  for (const [name, node] of configNodes) {
    if (node.kind === 'section')
      parts.push(`## ${name}\n`, `${node.description}\n`, table(node.keys.values()));
  }
  return parts.join('\n');
}

function exampleLine(key: ConfigKey, indent: string): string {
  const last = key.path.at(-1) ?? key.name;
  const usual = key.default === undefined || key.default === '' ? (key.example ?? '') : key.default;
  const quotedIfNeeded = /^[\w./:@~-]+$/.test(usual) ? usual : JSON.stringify(usual);
  const unit = key.unit === undefined ? '' : ` In ${key.unit}.`;
  return `${indent}# ${key.description}${unit}\n${indent}#${last}: ${quotedIfNeeded}\n`;
}

/** The file deploy/relay.example.yaml: every key, switched off by a comment sign. */
export function configExample(): string {
  const parts = [
    '# Configuration of a Porchlight relay: porchlight relay --config relay.yaml',
    '# Remove the # before what you change. Reference: docs/reference/relay-configuration.md',
    '# Made by "npm run reference".',
    '',
  ];
  for (const [name, node] of configNodes) {
    if (node.kind === 'key') {
      parts.push(exampleLine(node.key, ''));
      continue;
    }
    const lines = [...node.keys.values()].map((key) => exampleLine(key, '  '));
    parts.push(`# ${node.description}\n${name}:\n${lines.join('')}`);
  }
  return `${parts.join('\n').trimEnd()}\n`;
}
