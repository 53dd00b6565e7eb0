import { Command } from 'commander';
import { addDeviceCommand } from './add-device-command.ts';
import { blockDeviceCommand, unblockDeviceCommand } from './block-device-command.ts';
import { listDevicesCommand } from './list-devices-command.ts';
import { removeDeviceCommand } from './remove-device-command.ts';

/** `porchlight relay device …`: devices, where they are kept. */
export function deviceCommand(): Command {
  const device = new Command('device').description(
    'Devices: enrol one by its public key, list, remove, block; the relay may go on running.',
  );
  for (const create of [
    addDeviceCommand,
    listDevicesCommand,
    removeDeviceCommand,
    blockDeviceCommand,
    unblockDeviceCommand,
  ]) {
    device.addCommand(create());
  }
  return device;
}
