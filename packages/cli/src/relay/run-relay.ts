import { builtFiles, startRelay, VERSION } from '@porchlight/relay';
import type { Command } from 'commander';
import { aborted, stopSignal } from '../stop-signal.ts';
import { print, styled } from '../terminal/index.ts';
import { configOf } from './relay-options.ts';

/** Runs the relay until it is stopped; its log goes to standard output. */
export async function runRelay(command: Command): Promise<void> {
  const { config, warnings } = configOf(command);
  process.umask(0o077);
  const stop = stopSignal();
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  const relay = await startRelay({ config, ...builtFiles() });
  // In a terminal it goes on meaning that the terminal is gone.
  if (!process.stdout.isTTY) process.on('SIGHUP', () => void relay.reopenLogs());
  const setupUrl = await relay.setupUrl();
  if (setupUrl !== undefined && config.log.format === 'text') {
    print(`\nPorchlight ${VERSION} is ready. Make the first account here, once:\n`);
    print(`  ${styled.strong(setupUrl)}\n`);
  } else if (setupUrl !== undefined) {
    print(JSON.stringify({ event: 'set-up link', url: setupUrl }));
  }
  await aborted(stop);
  await relay.close();
}
