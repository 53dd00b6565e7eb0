import { isServiceName } from '@porchlight/protocol';
import { CommandError } from '../../command-error.ts';
import { EXIT } from '../../exit-code.ts';
import { harmless } from '../../terminal/index.ts';

/** A TCP port of a device, or a service of it by name. @throws CommandError */
export function parsePortTarget(text: string): number | string {
  const port = portOf(text, 1);
  if (port !== undefined) return port;
  if (!/^\d+$/.test(text) && isServiceName(text)) return text;
  throw new CommandError(`"${harmless(text)}" is neither a port from 1 to 65535 nor a service`, {
    hint: 'give a port of the device such as 22, or the name of a service',
    exitCode: EXIT.usage,
  });
}

/** What one word of `forward` asks for; `local` 0: any free port. */
export interface ForwardWish {
  readonly local: number;
  readonly target: number | string;
}

/** `LOCAL:REMOTE`, `PORT` for both, or a service alone on any free port. @throws CommandError */
export function parseForwardWish(text: string): ForwardWish {
  const [first = '', second, ...more] = text.split(':');
  if (second === undefined) {
    const target = parsePortTarget(first);
    return { local: typeof target === 'number' ? target : 0, target };
  }
  const local = portOf(first, 0);
  if (local !== undefined && more.length === 0) return { local, target: parsePortTarget(second) };
  throw new CommandError(`"${harmless(text)}" is no forward`, {
    hint: 'write LOCAL:REMOTE, e.g. 8080:80 or 5900:vnc; 0 is any free port',
    exitCode: EXIT.usage,
  });
}

function portOf(text: string, least: number): number | undefined {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port >= least && port <= 65_535 ? port : undefined;
}
