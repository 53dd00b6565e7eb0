import { harmless, print, styled, table } from '../../terminal/index.ts';
import { agentHere } from './agent-here.ts';
import { loginHere } from './login-here.ts';
import { adviceFor } from './next-step.ts';
import { relayHere } from './relay-here.ts';

/** `porchlight` alone: what there is on this machine, and what to do next. */
export async function showNextStep(): Promise<void> {
  const relay = process.env['PORCHLIGHT_RELAY']?.trim();
  const [login, agent, own] = await Promise.all([
    loginHere(relay === undefined || relay === '' ? {} : { relay }),
    agentHere(),
    relayHere(process.env),
  ]);
  const { found, next } = adviceFor({ login, agent, relay: own }, Date.now());
  if (found.length === 0)
    print('Porchlight reaches the devices you left at home. Nothing is set up here yet.');
  for (const line of found) print(harmless(line));
  print(`\n${styled.strong('Next:')}`);
  const rows = next.map(([command, purpose]) => [`  ${harmless(command)}`, styled.quiet(harmless(purpose))]);
  print(table(rows));
}
