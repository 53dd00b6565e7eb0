import { sleep } from '../figures.ts';
import { openLineProxy } from '../line-proxy.ts';
import { startDevice, startRelay } from '../porchlight.ts';
import type { Row } from '../row.ts';

const SECONDS = 180;
/** IPv4 and TCP with time stamps: 20 + 32 bytes for every segment, and as much for every lone acknowledgement. */
const SEGMENT_OVERHEAD = 52;
const KB = 1024;

/** What a device's link costs when nobody uses it. */
export const idleRow: Row = {
  name: 'idle',
  what: `bytes on the wire of an idle link, over ${SECONDS / 60} minutes`,
  async run(scene) {
    const relay = await startRelay(scene);
    const line = await scene.use(
      openLineProxy({ host: '127.0.0.1', target: relay.ports.ssh, delayMs: 0 }),
      (it) => it.close(),
    );
    await startDevice(scene, relay, {
      services: { web: 'http://127.0.0.1:9' },
      ssh: `127.0.0.1:${line.port}`,
    });
    // What a new link says at first does not count.
    await sleep(3_000);
    const [up, down] = [{ ...line.up }, { ...line.down }];
    await sleep(SECONDS * 1000);
    const bytes = line.up.bytes - up.bytes + line.down.bytes - down.bytes;
    const segments = line.up.chunks - up.chunks + line.down.chunks - down.chunks;
    const hourly = 3600 / SECONDS;
    // A ping is acknowledged by its answer; the answer needs an acknowledgement of its own.
    const overhead = (segments + segments / 2) * SEGMENT_OVERHEAD;
    return [
      {
        what: 'idle link, bytes an hour',
        ours: `${((bytes * hourly) / KB).toFixed(1)} KB in the connection`,
        value: ((bytes + overhead) * hourly) / KB,
        unit: 'KB',
        bar: { atMost: 30 },
        note: `${SECONDS / 60} minutes extrapolated; with ${SEGMENT_OVERHEAD} bytes of TCP/IP for each of ${Math.round(segments * hourly)} segments and their acknowledgements (computed)`,
        detail: { bytes, segments, seconds: SECONDS },
      },
    ];
  },
};
