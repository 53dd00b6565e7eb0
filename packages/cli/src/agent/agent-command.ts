import { Command } from 'commander';
import { auditCommand } from './audit-command.ts';
import { baseStationCommand } from './base-station/base-station-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { emoncmsCommand } from './emoncms-command.ts';
import { exposeCommand } from './expose-command.ts';
import { importCommand } from './import-command.ts';
import { joinCommand } from './join-command.ts';
import { lanCommand } from './lan-command.ts';
import { pauseCommand } from './pause-command.ts';
import { policyCommand } from './policy/policy-command.ts';
import { resumeCommand } from './resume-command.ts';
import { runCommand } from './run-command.ts';
import { settingsCommand } from './settings-command.ts';
import { statusCommand } from './status-command.ts';
import { unexposeCommand } from './unexpose-command.ts';
import { viaCommand } from './via-command.ts';

/** `porchlight agent …` */
export function agentCommand(): Command {
  const agent = new Command('agent').description(
    'The agent: beside or on the device that people shall reach.',
  );
  for (const create of [
    joinCommand,
    viaCommand,
    exposeCommand,
    unexposeCommand,
    importCommand,
    emoncmsCommand,
    runCommand,
    lanCommand,
    baseStationCommand,
    settingsCommand,
    statusCommand,
    pauseCommand,
    resumeCommand,
    policyCommand,
    auditCommand,
    doctorCommand,
  ]) {
    agent.addCommand(create());
  }
  return agent;
}
