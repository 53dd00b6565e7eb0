import { join } from 'node:path';
import { startScript } from '@porchlight/testkit';
import type { Scene } from '../row.ts';

/** A server that sends or takes as much as goes; gives its port. */
export async function startStream(scene: Scene): Promise<number> {
  const server = await scene.use(
    startScript(join(import.meta.dirname, '../programs/stream-server.ts')),
    (it) => it.stop(),
  );
  return Number((await server.json((line) => 'port' in line))['port']);
}
