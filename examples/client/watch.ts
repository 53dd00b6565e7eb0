/**
 * Tells when devices come and go, until it is stopped.
 *
 *     PORCHLIGHT_RELAY=https://relay.example PORCHLIGHT_TOKEN=plt_… node watch.ts
 */
import { RelayApi } from '@porchlight/client';

const api = new RelayApi({
  relay: process.env['PORCHLIGHT_RELAY'] ?? '',
  token: process.env['PORCHLIGHT_TOKEN'],
});
const up = new Map<string, boolean>();

for await (const event of api.watch()) {
  // Events are coming: what was before them is read once.
  if (event.type === 'open') for await (const device of api.devices.all()) tell(device);
  else if (event.type === 'device') tell(event.device);
}

function tell({ name, link }: { name: string; link: { up: boolean } }): void {
  if (up.get(name) === link.up) return;
  up.set(name, link.up);
  console.log(`${name} is ${link.up ? 'online' : 'offline'}`);
}
