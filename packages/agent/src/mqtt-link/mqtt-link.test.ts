import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { Secret } from '../config/index.ts';
import type { LinkPhase } from '../link/index.ts';
import { silentLogger } from '../log/index.ts';
import { MqttLink } from './mqtt-link.ts';

let server: net.Server;
let link: MqttLink | undefined;

beforeEach(() => {
  server = net.createServer();
});
afterEach(async () => {
  await link?.close();
  server.close();
});

/** A link to a server that does this with each connection. */
async function start(
  serve: (socket: net.Socket) => void,
  on: { phase?: (phase: LinkPhase) => void; denied?: (denial: { retry: boolean }) => void } = {},
): Promise<MqttLink> {
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    serve(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  link = new MqttLink({
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ user: 'shed', password: new Secret('plm_x'), ca: undefined, agent: 'test' },
    ...{ environment: {}, clock: systemClock, logger: silentLogger, random: () => 0 },
    onPhase: (phase) => on.phase?.(phase),
    onDenied: (denial) => on.denied?.(denial),
    onChannel: (_service, _accept, reject) => reject(),
  });
  link.start();
  return link;
}

describe('a link by MQTT alone', () => {
  it('ends although the relay never answers', async () => {
    const came = once(server, 'connection');
    const started = await start((socket) => void socket.resume());
    await came;
    await started.close();
    expect(started.phase.kind).toBe('stopped');
  });

  it('comes back when the relay hangs up, whatever it said', async () => {
    let times = 0;
    const enough = new Promise<void>((resolve) => {
      void start((socket) => {
        times += 1;
        if (times === 3) resolve();
        socket.end(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]));
      });
    });
    await enough;
  });

  it.each([4, 5])('waits for a person after CONNACK %i', async (code) => {
    const denied = new Promise<{ retry: boolean }>((resolve) => {
      void start((socket) => void socket.once('data', () => socket.end(Buffer.from([0x20, 2, 0, code]))), {
        denied: resolve,
      });
    });
    expect((await denied).retry).toBe(false);
    await expect.poll(() => link?.phase).toMatchObject({ kind: 'waiting' });
    const phase = link?.phase;
    expect(phase?.kind === 'waiting' ? phase.until - phase.since : 0).toBe(600_000);
  });
});
