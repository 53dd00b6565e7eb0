import { compareHttp } from '../http-load.ts';
import { startFront, startOrigin } from '../peers/nginx.ts';
import { startOpenSsh } from '../peers/openssh.ts';
import { startPorchlight } from '../porchlight.ts';
import type { Row } from '../row.ts';

/** Requests through the tunnel, sign-on and policy in force, against nginx → `ssh -R`, which checks nothing. */
export const httpRow: Row = {
  name: 'http',
  what: 'HTTP through the tunnel against nginx → ssh -R',
  async run(scene) {
    const origin = await startOrigin(scene);
    const openssh = await startOpenSsh(scene, new Map([['web', origin.port]]));
    const front = await startFront(scene, openssh.ports.get('web') ?? 0);
    const us = await startPorchlight(scene, { services: { web: `http://127.0.0.1:${origin.port}` } });
    return compareHttp(scene, {
      what: 'HTTP',
      ours: {
        pids: us.programs.map(({ pid }) => pid),
        port: us.relay.ports.http,
        headers: { Host: us.host, Cookie: us.cookie },
      },
      theirs: {
        pids: [front.program, ...openssh.programs].map(({ pid }) => pid),
        port: front.port,
        headers: { Cookie: us.cookie },
      },
      // From the table "Numbers to reach".
      bars: { small: 0.7, '10k': 8, '100k': 3 },
    });
  },
};
