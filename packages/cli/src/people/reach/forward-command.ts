import type { Command } from 'commander';
import { twinned } from '../../environment-twins.ts';
import { aborted, stopSignal } from '../../stop-signal.ts';
import { bytes, harmless, print, printableJson, styled } from '../../terminal/index.ts';
import { named } from '../completion/index.ts';
import { findDevice } from '../devices/index.ts';
import { personCommand } from '../person-command.ts';
import { openSession, type PersonFlags } from '../session/index.ts';
import { deviceStreams } from './device-streams.ts';
import { LocalPort } from './local-port.ts';
import { type ForwardWish, parseForwardWish } from './port-target.ts';

interface Flags extends PersonFlags {
  readonly bind: string;
}

/** `porchlight forward NAME LOCAL[:REMOTE] …`; with `--json` one object a line: each port as it listens. */
export function forwardCommand(): Command {
  const bind = 'address of this machine to listen on; 0.0.0.0 lets others on your network in';
  return personCommand('forward', 'Make ports of a device ports of this machine, until Ctrl-C.')
    .addArgument(named('<name>', 'the device', 'device'))
    .argument('<ports...>', 'LOCAL:REMOTE, PORT for both, or a service on any free port')
    .addOption(twinned('--bind <address>', bind, 'PORCHLIGHT_BIND').default('127.0.0.1'))
    .action(async (name: string, words: string[], flags: Flags) => {
      const wishes = words.map(parseForwardWish);
      const session = await openSession(flags);
      const device = await findDevice(session, name);
      const stop = stopSignal();
      const screen = new ForwardScreen(flags);
      const ports: LocalPort[] = [];
      try {
        for (const wish of wishes) {
          const port = new LocalPort({
            host: flags.bind,
            port: wish.local,
            open: deviceStreams(session, device.name, wish.target),
            tell: (text) => screen.tell(text),
            onChange: () => screen.count(ports),
          });
          ports.push(port);
          screen.listening(flags.bind, await port.listen(), device.name, wish);
        }
        screen.waiting(device.link.up ? undefined : `${device.name} is offline now`);
        await aborted(stop);
      } finally {
        for (const port of ports) port.close();
        screen.close();
      }
    });
}

/** What a forward tells: its ports on standard output, the rest on standard error, a live count on a terminal only. */
class ForwardScreen {
  readonly #flags: PersonFlags;
  readonly #live: boolean;

  constructor(flags: PersonFlags) {
    this.#flags = flags;
    this.#live = process.stderr.isTTY && flags.json !== true && flags.quiet !== true;
  }

  listening(host: string, port: number, device: string, { target }: ForwardWish): void {
    const local = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    if (this.#flags.json === true) print(printableJson({ local, device, target }));
    else print(`${styled.strong(local)} → ${device}:${target}`);
  }

  waiting(trouble: string | undefined): void {
    if (this.#flags.json === true || this.#flags.quiet === true) return;
    this.tell(`${trouble === undefined ? '' : `${trouble}; connections wait for it. `}Ctrl-C ends it.`);
  }

  tell(text: string): void {
    if (this.#flags.quiet === true) return;
    process.stderr.write(`${this.#live ? '\r\u001b[K' : ''}${harmless(text)}\n`);
  }

  count(ports: readonly LocalPort[]): void {
    if (!this.#live) return;
    const sum = (of: (port: LocalPort) => number): number => ports.reduce((all, port) => all + of(port), 0);
    const words = [
      `${sum((port) => port.open)} open`,
      `${sum((port) => port.total)} so far`,
      bytes(sum((port) => port.bytes)),
    ];
    process.stderr.write(`\r\u001b[K${words.join(', ')} `);
  }

  close(): void {
    if (this.#live) process.stderr.write('\r\u001b[K');
  }
}
