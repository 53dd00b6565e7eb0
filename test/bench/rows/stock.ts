import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareBulk } from '../bulk-load.ts';
import { compareHttp } from '../http-load.ts';
import { startFront, startOrigin } from '../peers/nginx.ts';
import { startOpenSsh, startStockDevice } from '../peers/openssh.ts';
import { startStream } from '../peers/stream.ts';
import { DOMAIN, startRelay } from '../porchlight.ts';
import type { Row } from '../row.ts';

/** The same with OpenSSH's own client as the device's end: sign-on is in force, a policy there is none. */
export const stockRow: Row = {
  name: 'stock',
  what: 'OpenSSH as the device’s end: relay ← ssh -R against nginx → sshd ← ssh -R',
  async run(scene) {
    const origin = await startOrigin(scene);
    const stream = await startStream(scene);
    const targets = new Map([
      ['web', origin.port],
      ['stream', stream],
    ]);
    const openssh = await startOpenSsh(scene, targets);
    const front = await startFront(scene, openssh.ports.get('web') ?? 0);
    const relay = await startRelay(scene);
    const folder = await scene.use(mkdtemp(join(tmpdir(), 'porchlight-bench-stock-')), (path) =>
      rm(path, { recursive: true, force: true }),
    );
    const device = await startStockDevice(scene, relay, { folder, targets });
    const host = `web--${device.name}.${DOMAIN}:${relay.ports.http}`;
    const cookie = await relay.signOn(host);
    const http = await compareHttp(scene, {
      what: 'stock device, HTTP',
      ours: {
        pids: [relay.program.pid, device.program.pid],
        port: relay.ports.http,
        headers: { Host: host, Cookie: cookie },
      },
      theirs: {
        pids: [front.program, ...openssh.programs].map(({ pid }) => pid),
        port: front.port,
        headers: { Cookie: cookie },
      },
      bars: { small: 0.7, '10k': 1, '100k': 1 },
    });
    const forward = await relay.api('POST', `/api/devices/${device.id}/forwards`, {
      service: 'stream',
      minutes: 60,
    });
    const bulk = await compareBulk(scene, {
      what: 'stock device, bulk TCP',
      ours: Number(Reflect.get(forward as object, 'port')),
      theirs: openssh.ports.get('stream') ?? 0,
    });
    return [...http, ...bulk];
  },
};
