import { AgentConfigFile, type InspectedPolicy, inspectPolicy } from '@porchlight/agent';
import { styled } from '../../terminal/index.ts';
import { type AgentFlags, dataFolderOf } from '../data-folder.ts';

/** The policy that a command line means, looked at with the services and secrets of the data folder. */
export async function readPolicy(options: AgentFlags, file?: string): Promise<InspectedPolicy> {
  const dataFolder = dataFolderOf(options);
  const { services } = await new AgentConfigFile(dataFolder).read();
  return inspectPolicy({ dataFolder, file, exposed: services.keys() });
}

/** `line:column: message` with the hint below, one or two lines a problem. */
export function problemsInWords({ path, problems }: InspectedPolicy): string[] {
  return problems.flatMap(({ line, column, message, hint }) => [
    `${path}:${line}:${column}: ${styled.bad(message)}`,
    `    hint: ${hint}`,
  ]);
}

export function warningsInWords({ path, warnings }: InspectedPolicy): string[] {
  return warnings.map((warning) => `${styled.warning('warning:')} ${path}: ${warning}`);
}
