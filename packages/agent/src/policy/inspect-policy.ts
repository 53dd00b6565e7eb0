import { join } from 'node:path';
import {
  compilePolicy,
  POLICY_BYTES_MAX,
  type Policy,
  type PolicyProblem,
} from '@porchlight/protocol/policy';
import { ConfigError, readTextFile, systemErrorCode } from '../config/index.ts';
import { parseSecrets, SECRETS_BYTES_MAX } from './secrets-file.ts';

/** A policy file as a person may look at it: no secret is in here. */
export interface InspectedPolicy {
  readonly path: string;
  /** Its lines; line 1 is the first. */
  readonly lines: readonly string[];
  readonly problems: readonly PolicyProblem[];
  /** What is probably not meant, with the line where that is known. */
  readonly warnings: readonly string[];
  /** The rules, in which each secret is written as its name in brackets; undefined when there are problems. */
  readonly policy: Policy | undefined;
}

/**
 * Reads a policy for a person to check or to try out, without touching what is in force.
 * @param file another file than the one in the data folder; the secrets are those of the data folder all the same, and
 * where it has none every name counts as known
 * @throws ConfigError when a file cannot be read
 */
export async function inspectPolicy(options: {
  readonly dataFolder: string;
  readonly file?: string | undefined;
  /** Names of the services that are exposed. */
  readonly exposed: Iterable<string>;
}): Promise<InspectedPolicy> {
  const path = options.file ?? join(options.dataFolder, 'policy');
  const text = (await read(path, POLICY_BYTES_MAX))?.text;
  if (text === undefined && options.file !== undefined) {
    throw new ConfigError(`${path} is not there: check the name`);
  }
  const warnings: string[] = [];
  if (text === undefined) warnings.push('there is no policy file, so every exposed service passes');
  const secretsPath = join(options.dataFolder, 'secrets');
  const secretsFile = await read(secretsPath, SECRETS_BYTES_MAX);
  const secrets = secretsFile === undefined ? undefined : parseSecrets(secretsPath, secretsFile);
  const trusting = options.file !== undefined && secrets === undefined;
  if (trusting) warnings.push(`there is no ${secretsPath}, so names of secrets were not checked`);
  // With the real values first: their length and characters are part of what can be wrong.
  const { errors = [] } = compilePolicy(text ?? '', (name) =>
    trusting ? 'secret' : secrets?.get(name)?.reveal(),
  );
  const { policy } = compilePolicy(text ?? '', (name) => `(${name})`);
  const exposed = new Set(options.exposed);
  for (const [name, line] of policy?.services ?? []) {
    if (!exposed.has(name)) warnings.push(`line ${line}: no service "${name}" is exposed here`);
  }
  return {
    path,
    lines: (text ?? '').split(/\r\n|\n|\r/),
    problems: errors,
    warnings,
    policy: errors.length === 0 ? policy : undefined,
  };
}

async function read(path: string, max: number) {
  try {
    return await readTextFile(path, max);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return undefined;
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${path} cannot be read (${code || String(error)}): ask as its owner or as root`, {
      cause: error,
    });
  }
}
