import { compareBulk } from '../bulk-load.ts';
import { startOpenSsh } from '../peers/openssh.ts';
import { startStream } from '../peers/stream.ts';
import { startDevice, startRelay } from '../porchlight.ts';
import type { Row } from '../row.ts';

/** One TCP connection through a forward, as much as goes, in both directions. */
export const bulkRow: Row = {
  name: 'bulk',
  what: 'bulk TCP through a forward against ssh -R',
  async run(scene) {
    const target = await startStream(scene);
    const openssh = await startOpenSsh(scene, new Map([['stream', target]]));
    const relay = await startRelay(scene);
    const device = await startDevice(scene, relay, { services: { stream: `tcp://127.0.0.1:${target}` } });
    const forward = await relay.api('POST', `/api/devices/${device.id}/forwards`, {
      service: 'stream',
      minutes: 60,
    });
    const ours = Number(Reflect.get(forward as object, 'port'));
    return compareBulk(scene, { what: 'bulk TCP', ours, theirs: openssh.ports.get('stream') ?? 0 });
  },
};
