import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { stopSignal } from '../../stop-signal.ts';
import { harmless } from '../../terminal/index.ts';
import { named } from '../completion/index.ts';
import { findDevice, requireOnline } from '../devices/index.ts';
import { relayCommandOf } from '../person-command.ts';
import { openSession, type PersonFlags } from '../session/index.ts';
import { deviceStreams } from './device-streams.ts';
import { parsePortTarget } from './port-target.ts';

/** `porchlight tcp NAME PORT`: bytes between standard input and output and the device, as nc(1) does. */
export function tcpCommand(): Command {
  return relayCommandOf('tcp', 'Connect standard input and output to a TCP port of a device.')
    .addArgument(named('<name>', 'the device', 'device'))
    .argument('<port>', 'port of the device, or the name of a service')
    .action(async (name: string, port: string, flags: PersonFlags) => {
      const target = parsePortTarget(port);
      const session = await openSession(flags);
      const device = await findDevice(session, name);
      requireOnline(device);
      const open = deviceStreams(session, device.name, target);
      const stop = stopSignal();
      const stream = await open({
        signal: stop,
        onWaiting: (text) => process.stderr.write(`${harmless(text)}\n`),
      });
      stop.addEventListener('abort', () => stream.destroy());
      const { stdin, stdout } = process;
      // The end of the input is the device's to answer; its own end is the end of all.
      const sending = pipeline(stdin, stream).catch((error: unknown) => {
        if (!stop.aborted && !stream.readableEnded) throw error;
      });
      const receiving = pipeline(stream, stdout, { end: false }).finally(() => {
        stream.destroy();
        stdin.destroy();
      });
      await Promise.all([receiving, sending]).catch((error: unknown) => {
        if (!stop.aborted) throw error;
      });
    });
}
