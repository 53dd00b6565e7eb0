import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireProgram, startProgram } from '@porchlight/testkit';
import { freePort, listening } from '../processes.ts';
import type { Scene } from '../row.ts';

/** Debian's mosquitto, which lets anybody in and keeps nothing. */
export async function startMosquitto(scene: Scene): Promise<{ readonly port: number }> {
  const mosquitto = await requireProgram('mosquitto', 'mosquitto');
  if (mosquitto.path === undefined) throw new Error(mosquitto.missing);
  const folder = await scene.use(mkdtemp(join(tmpdir(), 'porchlight-bench-mosquitto-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const port = await freePort();
  const file = join(folder, 'mosquitto.conf');
  const settings = [
    `listener ${port} 127.0.0.1`,
    ...['allow_anonymous true', 'persistence false', 'set_tcp_nodelay true', 'log_type error'],
  ];
  await writeFile(file, `${settings.join('\n')}\n`);
  await scene.use(startProgram(mosquitto.path, ['-c', file]), (it) => it.stop());
  await listening(port);
  return { port };
}
