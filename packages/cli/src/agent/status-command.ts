import { type AgentStatus, ConfigError } from '@porchlight/agent';
import type { Command } from 'commander';
import { reportError } from '../command-error.ts';
import { EXIT } from '../exit-code.ts';
import { harmless, print, printJson, span, styled, table } from '../terminal/index.ts';
import { dataFolderOf, type ListingFlags, listingSubcommand } from './data-folder.ts';
import { askAgent } from './running-agent.ts';

/** `porchlight agent status`: exit code 0 when the link is up, 3 when it is not. */
export function statusCommand(): Command {
  return listingSubcommand('status', 'Tell how the running agent is doing.').action(
    async (options: ListingFlags) => {
      try {
        const status = await askAgent(dataFolderOf(options), 'status');
        if (options.json === true) printJson(status);
        else print(describe(status));
        process.exitCode = status.link.state === 'up' ? EXIT.done : EXIT.linkDown;
      } catch (error) {
        if (!(error instanceof ConfigError) || error.kind !== 'no_agent') throw error;
        reportError(error);
        process.exitCode = EXIT.linkDown;
      }
    },
  );
}

function describe(status: AgentStatus): string {
  const { link, policy, services } = status;
  const inForce = policy.state === 'in_force';
  const running = span(Date.now() - status.startedAt);
  const rows = [
    ['Device', harmless(`${status.name} at ${status.relay}`)],
    ['Link', link.state === 'up' ? styled.good(linkInWords(link)) : styled.warning(linkInWords(link))],
    ['Paused', status.paused ? styled.warning('yes: nobody gets in') : 'no'],
    ['Policy', inForce ? 'in force' : styled.bad(`${policy.state}: ${policy.errors.join('; ')}`)],
    ['Agent', `${status.version}, process ${status.pid}, running ${running}`],
  ];
  if (status.baseStation !== undefined)
    rows.splice(4, 0, ['Base station', baseStationInWords(status.baseStation)]);
  const offered = services.map(({ name, kind, target }) => [name, kind, target]);
  const warnings = policy.warnings.map((warning) => `${styled.warning('warning:')} ${warning}`);
  return [table(rows), '', table([['SERVICE', 'KIND', 'TARGET'], ...offered]), ...warnings].join('\n');
}

function baseStationInWords(station: NonNullable<AgentStatus['baseStation']>): string {
  const { ports, problem, waiting, devices } = station;
  if (problem !== undefined) return styled.bad(harmless(`not open: ${problem}`));
  const open = Object.entries(ports).map(([what, port]) => `${what} ${port}`);
  const asks = waiting === 0 ? '' : styled.warning(`, ${waiting} ask to be let in`);
  return `${open.join(', ') || 'no port open'}; ${devices} devices${asks}`;
}

function linkInWords(link: AgentStatus['link']): string {
  return harmless(rawLinkInWords(link));
}

function rawLinkInWords(link: AgentStatus['link']): string {
  const since = `for ${span(Date.now() - link.since)}`;
  switch (link.state) {
    case 'up':
      return `up ${since} by ${link.transport}${link.rtt === undefined ? '' : `, round trip ${link.rtt} ms`}`;
    case 'pending':
      return `waits for Allow, code ${link.code}, at ${link.url}`;
    case 'waiting':
      return `down ${since}: ${link.reason}; next try in ${span(link.retryAt - Date.now())}`;
    case 'denied':
      return `refused: ${link.reason}. ${link.hint}`;
    default:
      return `${link.state} ${since}`;
  }
}
