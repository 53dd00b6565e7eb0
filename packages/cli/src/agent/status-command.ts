import { type AgentStatus, callAgent } from '@porchlight/agent';
import { Command } from 'commander';
import { print, printJson, table } from '../output.ts';
import { dataFolderOf, withData } from './agent-command.ts';

/** `porchlight agent status`: exit code 0 when the link is up, 3 when it is not. */
export function statusCommand(): Command {
  return withData(new Command('status').description('Tell how the running agent is doing.'))
    .option('--json', 'for machines')
    .action(async (options: { data?: string; json?: boolean }) => {
      const dataFolder = dataFolderOf(options);
      const status = await callAgent(
        dataFolder,
        { command: 'status' },
        { signal: AbortSignal.timeout(10_000) },
      );
      if (options.json === true) printJson(status);
      else print(describe(status));
      process.exitCode = status.link.state === 'up' ? 0 : 3;
    });
}

function describe(status: AgentStatus): string {
  const rows = [
    ['Device', `${status.name} at ${status.relay}`],
    ['Link', linkInWords(status.link)],
    ['Paused', status.paused ? 'yes: nobody gets in' : 'no'],
    [
      'Policy',
      status.policy.state === 'in_force'
        ? 'in force'
        : `${status.policy.state}: ${status.policy.errors.join('; ')}`,
    ],
    [
      'Agent',
      `${status.version}, process ${status.pid}, running ${spanInWords(Date.now() - status.startedAt)}`,
    ],
  ];
  const services = status.services.map(({ name, kind, target }) => [name, kind, target]);
  const warnings = status.policy.warnings.map((warning) => `warning: ${warning}`);
  return [table(rows), '', table([['SERVICE', 'KIND', 'TARGET'], ...services]), ...warnings].join('\n');
}

function linkInWords(link: AgentStatus['link']): string {
  const since = `for ${spanInWords(Date.now() - link.since)}`;
  switch (link.state) {
    case 'up':
      return `up ${since} by ${link.transport}${link.rtt === undefined ? '' : `, round trip ${link.rtt} ms`}`;
    case 'pending':
      return `waits for Allow, code ${link.code}, at ${link.url}`;
    case 'waiting':
      return `down ${since}: ${link.reason}; next try in ${spanInWords(link.retryAt - Date.now())}`;
    case 'denied':
      return `refused: ${link.reason}. ${link.hint}`;
    default:
      return `${link.state} ${since}`;
  }
}

function spanInWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
