import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isServiceName } from '@porchlight/protocol';
import type { Command } from 'commander';
import { CommandError } from '../../command-error.ts';
import { EXIT } from '../../exit-code.ts';
import { harmless } from '../../terminal/index.ts';
import { named } from '../completion/index.ts';
import { findDevice, serviceOf } from '../devices/index.ts';
import { relayCommandOf } from '../person-command.ts';
import { openSession, type PersonFlags } from '../session/index.ts';
import { curlConfig } from './curl-config.ts';
import { runSystem } from './run-system.ts';

/** Where the token is read from: not the command line, which everybody on the machine sees, nor standard input. */
const CONFIG = '/dev/fd/3';

/** `porchlight curl NAME/SERVICE/PATH …`: the exit code is curl's. */
export function curlCommand(): Command {
  return relayCommandOf('curl', "Ask a device's web service with curl, signed in.")
    .usage('[options] <NAME/SERVICE/PATH> [curl options]')
    .addArgument(named('<target>', 'NAME/SERVICE/PATH, with a query if need be', 'service'))
    .argument('[options...]', "curl's own options, such as -d or -o")
    .passThroughOptions()
    .action(async (text: string, options: string[], flags: PersonFlags) => {
      const { name, service: wanted, rest } = parseTarget(text);
      const session = await openSession(flags);
      const device = await findDevice(session, name);
      const service = serviceOf(device, wanted, (one) => one.url !== undefined);
      const url = new URL(service.url ?? '').origin + rest;
      // A service with passwords of its own, or for everybody, has no use for the token.
      const signed = service.access === 'login' || service.access === 'token';
      process.exitCode = await withAuthority(session.ca, async (cacert) => {
        const token = signed ? await session.tokens.token() : undefined;
        return runSystem(
          'curl',
          ['--config', CONFIG, ...withoutDashes(options)],
          curlConfig({ url, token, cacert }),
        );
      });
    });
}

function parseTarget(text: string): { name: string; service: string; rest: string } {
  const [, name = '', service = '', rest = ''] = /^([^/?#]+)\/([^/?#]+)([/?].*)?$/s.exec(text) ?? [];
  if (isServiceName(service)) return { name, service, rest: rest.startsWith('/') ? rest : `/${rest}` };
  throw new CommandError(`"${harmless(text)}" does not say what to ask`, {
    hint: 'write NAME/SERVICE/PATH, e.g. robot/web/api/status',
    exitCode: EXIT.usage,
  });
}

/** People who are used to `--` before what is passed on may write it. */
function withoutDashes([first, ...others]: readonly string[]): string[] {
  return first === undefined ? [] : first === '--' ? others : [first, ...others];
}

/** curl takes an authority as a file only. */
async function withAuthority<T>(
  ca: string | undefined,
  use: (cacert: string | undefined) => Promise<T>,
): Promise<T> {
  if (ca === undefined) return use(undefined);
  const folder = await mkdtemp(join(tmpdir(), 'porchlight-'));
  try {
    const path = join(folder, 'ca.pem');
    await writeFile(path, ca, { mode: 0o600 });
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
