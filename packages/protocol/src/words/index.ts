/** How devices, times and sizes are told to people in text: by `ssh operator@relay` and by the `porchlight` command. */
export { servicesOf, sinceOf, statusOf } from './device.ts';
export { DEVICES_LISTED_MAX, DeviceList, type ListSize } from './device-list.ts';
export { EventWords } from './events.ts';
export { bytes, printable, printableJson, span, table } from './text.ts';
