import { expect, it } from 'vitest';
import { parseConfigFile } from './config-file.ts';
import { loadConfig } from './load-config.ts';
import { configExample, configReference } from './reference.ts';
import { configKeys } from './relay-config.ts';

it('names every key, flag and environment name', () => {
  for (const key of configKeys) {
    expect(configReference()).toContain(`\`${key.name}\``);
    expect(configReference()).toContain(key.env);
    expect(configExample()).toContain(`#${key.path.at(-1)}: `);
  }
});

it('gives an example file that is right as it is, and with every key switched on', () => {
  expect(parseConfigFile(configExample(), '/relay.yaml').size).toBe(0);
  const all = configExample().replaceAll(/^( *)#(?=[a-zA-Z]+: )/gm, '$1');
  expect(parseConfigFile(all, '/relay.yaml').size).toBe(configKeys.length);
  const { config } = loadConfig({ options: { config: '/relay.yaml' }, env: {}, readFile: () => all });
  expect(config.trustedProxies).toEqual(['127.0.0.1', '10.0.0.0/8']);
});
