import { Command } from 'commander';
import { checkPolicyCommand } from './check-policy-command.ts';
import { tryPolicyCommand } from './try-policy-command.ts';

/** `porchlight agent policy …` */
export function policyCommand(): Command {
  const policy = new Command('policy').description('Check and try out what the device lets through.');
  policy.addCommand(checkPolicyCommand());
  policy.addCommand(tryPolicyCommand());
  return policy;
}
