import { Command } from 'commander';
import { checkPolicyCommand } from './check-policy-command.ts';
import { savePolicyCommand } from './save-policy-command.ts';
import { showPolicyCommand } from './show-policy-command.ts';
import { tryPolicyCommand } from './try-policy-command.ts';

/** `porchlight agent policy …` */
export function policyCommand(): Command {
  const policy = new Command('policy').description('Check and try out what the device lets through.');
  policy.addCommand(showPolicyCommand());
  policy.addCommand(savePolicyCommand());
  policy.addCommand(checkPolicyCommand());
  policy.addCommand(tryPolicyCommand());
  return policy;
}
