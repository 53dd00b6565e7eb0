import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningProgram, requireProgram, startProgram } from '@porchlight/testkit';
import { freePort, listening } from '../processes.ts';
import type { Scene } from '../row.ts';

export interface Nginx {
  readonly port: number;
  readonly program: RunningProgram;
}

/** What the origin serves: path → bytes. */
export const SIZES = { small: 100, '10k': 10 * 1024, '100k': 100 * 1024 } as const;

/** Length of `/big`: more than any run takes. */
const BIG_BYTES = 64 * 1024 ** 3;

/** Debian's nginx as a local web server with files of {@link SIZES} and `/big`, one worker, keep-alive. */
export function startOrigin(scene: Scene, place: { netns?: string; host?: string } = {}): Promise<Nginx> {
  return start(scene, place, (folder) => `root ${folder}/files; default_type application/octet-stream;`);
}

/** nginx in front of another web server, as one would put it before `ssh -R`: keep-alive on both sides, no TLS. */
export function startFront(scene: Scene, upstream: number): Promise<Nginx> {
  return start(
    scene,
    {},
    () => `location / {
      proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
      proxy_buffers 16 16k; proxy_max_temp_file_size 0;
    }`,
    `upstream behind { server 127.0.0.1:${upstream}; keepalive 128; keepalive_requests 1000000000; }`,
  );
}

async function start(
  scene: Scene,
  place: { netns?: string; host?: string },
  server: (folder: string) => string,
  outside = '',
): Promise<Nginx> {
  const nginx = await requireProgram('nginx', 'nginx-light');
  if (nginx.path === undefined) throw new Error(nginx.missing);
  const folder = await scene.use(mkdtemp(join(tmpdir(), 'porchlight-bench-nginx-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  await mkdir(join(folder, 'files'));
  for (const [name, bytes] of Object.entries(SIZES)) {
    await writeFile(join(folder, 'files', name), Buffer.alloc(bytes, 'porchlight '));
  }
  // A hole, which takes no place on the disk.
  await writeFile(join(folder, 'files', 'big'), '');
  await truncate(join(folder, 'files', 'big'), BIG_BYTES);
  const port = await freePort();
  await writeFile(
    join(folder, 'nginx.conf'),
    config(folder, `${place.host ?? '127.0.0.1'}:${port}`, server(folder), outside),
  );
  const program = await scene.use(
    startProgram(nginx.path, ['-p', folder, '-c', 'nginx.conf', '-e', join(folder, 'error.log')], {
      netns: place.netns,
    }),
    (it) => it.stop(),
  );
  if (place.netns === undefined) await listening(port);
  return { port, program };
}

function config(folder: string, listen: string, server: string, outside: string): string {
  return `daemon off; user root; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off; tcp_nodelay on; sendfile on; keepalive_requests 1000000000; keepalive_timeout 300s;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  ${outside}
  server { listen ${listen} backlog=4096; ${server} }
}
`;
}
