import { requireProgram, runProgram } from '@porchlight/testkit';

export interface Load {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
}

export interface Rate {
  readonly perSecond: number;
  readonly requests: number;
  readonly p99: string;
}

/** Loads a web server with wrk: so many kept-alive connections, each with one request after the other. */
export async function wrk(load: Load): Promise<Rate> {
  const { path, missing } = await requireProgram('wrk', 'wrk');
  if (path === undefined) throw new Error(missing);
  const headers = Object.entries(load.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const { stdout, stderr, code } = await runProgram(path, [
    '-t1',
    `-c${load.connections}`,
    `-d${load.seconds}s`,
    '--latency',
    ...headers,
    `http://127.0.0.1:${load.port}${load.path}`,
  ]);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  if (code !== 0 || !(perSecond > 0)) throw new Error(`wrk failed: ${stdout}${stderr}`);
  // Fast errors would look like speed.
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`not every request was answered: ${stdout}`);
  return { perSecond, requests, p99: /99%\s+(\S+)/.exec(stdout)?.[1] ?? '' };
}
