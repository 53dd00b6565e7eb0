import { join } from 'node:path';
import { type RunningProgram, startScript } from './processes.ts';

/** A web server as a device might have one, as a process: see origin-program.ts for what it serves. */
export interface Origin {
  readonly program: RunningProgram;
  /** Ports of loopback. */
  readonly http: number;
  readonly tcp: number;
}

export async function startOrigin(netns?: string): Promise<Origin> {
  const program = startScript(join(import.meta.dirname, 'origin-program.ts'), [], { netns });
  const ready = await program.json((line) => line['msg'] === 'origin ready');
  return { program, http: Number(ready['http']), tcp: Number(ready['tcp']) };
}
