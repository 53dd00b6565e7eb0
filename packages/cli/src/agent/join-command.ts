import { joinRelay, parseRelayUrl, readAuthority, readPassword, tokenByPassword } from '@porchlight/agent';
import type { Command } from 'commander';
import { CommandError } from '../command-error.ts';
import { twinned } from '../environment-twins.ts';
import { EXIT } from '../exit-code.ts';
import { ownName } from '../own-name.ts';
import { stopSignal } from '../stop-signal.ts';
import { clockTime, harmless, print, styled } from '../terminal/index.ts';
import { dataFolderOf, type ListingFlags, listingSubcommand } from './data-folder.ts';

interface JoinFlags extends ListingFlags {
  readonly token?: string;
  readonly account?: string;
  readonly passwordFile?: string;
  readonly name?: string;
  readonly ca?: string;
  readonly fingerprint?: string;
}

/** `porchlight agent join URL`; with `--json` one object a line: `pending` at once, `joined` at the end. */
export function joinCommand(): Command {
  const token = 'enrolment token, for set-up without a person';
  const account = 'account to ask; otherwise an admin, or whoever enters the code';
  return listingSubcommand('join', 'Make this device known at a relay.')
    .argument('<url>', 'address of the relay, e.g. https://relay.example.net')
    .addOption(twinned('--token <token>', token, 'PORCHLIGHT_TOKEN'))
    .addOption(twinned('--account <name>', account, 'PORCHLIGHT_ACCOUNT'))
    .addOption(
      twinned(
        '--password-file <file>',
        'with the password of that account, which lets the device in at once; it is used once and kept nowhere',
        'PORCHLIGHT_PASSWORD_FILE',
      ),
    )
    .addOption(twinned('--name <name>', 'name to propose; by default the host name', 'PORCHLIGHT_NAME'))
    .addOption(twinned('--ca <file>', "PEM file of the relay's own certificate authority", 'PORCHLIGHT_CA'))
    .addOption(
      twinned(
        '--fingerprint <fingerprint>',
        "SHA256:… that the relay's host key must have",
        'PORCHLIGHT_FINGERPRINT',
      ),
    )
    .action(join);
}

async function join(url: string, options: JoinFlags): Promise<void> {
  const json = options.json === true;
  const signal = stopSignal();
  let stopCountdown = (): void => undefined;
  try {
    const joined = await joinRelay({
      dataFolder: dataFolderOf(options),
      url,
      token: await tokenOf(url, options, signal),
      account: options.account,
      name: options.name,
      caFile: options.ca,
      fingerprint: options.fingerprint,
      environment: process.env,
      signal,
      onPending({ code, url: where, expiresInMs }) {
        if (json) return print(JSON.stringify({ state: 'pending', code, url: where, expiresInMs }));
        print(`This device asks to join. Its code is\n\n    ${styled.strong(code)}\n`);
        print(`Press Allow where the same code is shown: ${harmless(where)}`);
        stopCountdown = showCountdown(expiresInMs);
      },
    });
    stopCountdown();
    if (json) return print(JSON.stringify({ state: 'joined', ...joined }));
    print(
      `${styled.good('Joined')} ${harmless(joined.domain)} as ${styled.strong(harmless(joined.device))}. Next:`,
    );
    print(`  ${ownName} agent expose web http://127.0.0.1:80     what people may reach`);
    print(`  ${ownName} agent run                                keep the link`);
  } finally {
    stopCountdown();
  }
}

/** The enrolment token that was given, or one that the account makes for this device. */
async function tokenOf(url: string, options: JoinFlags, signal: AbortSignal): Promise<string | undefined> {
  const { token, account, passwordFile, ca: caFile } = options;
  if (passwordFile === undefined) return token;
  if (account === undefined || token !== undefined) {
    throw new CommandError('--password-file is for an account', {
      hint: 'give --account, and no --token',
      exitCode: EXIT.usage,
    });
  }
  const password = (await readPassword(passwordFile)).reveal();
  const ca = caFile === undefined ? undefined : await readAuthority(caFile);
  const environment = process.env;
  return tokenByPassword(parseRelayUrl(url), { name: account, password }, { ca, environment, signal });
}

/** Shows how long the request still stands: each second on a terminal, once elsewhere. Gives what ends it. */
function showCountdown(ms: number): () => void {
  if (!process.stdout.isTTY) {
    print(`Waiting for ${clockTime(ms)} minutes …`);
    return () => undefined;
  }
  const end = performance.now() + ms;
  const show = (): void => {
    process.stdout.write(`\rWaiting … ${clockTime(end - performance.now())} left `);
  };
  show();
  const timer = setInterval(show, 1000);
  let running = true;
  return () => {
    clearInterval(timer);
    if (running) process.stdout.write('\r\u001b[K');
    running = false;
  };
}
