import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Origin,
  openWebSocket,
  type ProcessDevice,
  type ProcessPerson,
  type ProcessRelay,
  type RunningProgram,
  startOrigin,
  startProcessRelay,
  startProgram,
  until,
} from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const GIGABYTE = 1_000_000_000;
/** Neither end may hold a body: what they need beside their code is a few windows of 2 MiB. */
const MEMORY_MAX_MIB = 300;
const HOST = 'web--robot.home.localhost';

/** Relay, agent, device and visitor are four real programs here. */
describe('transfers through relay and agent', () => {
  let relay: ProcessRelay;
  let owner: ProcessPerson;
  let device: ProcessDevice;
  let origin: Origin;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porchlight-transfers-'));
    origin = await startOrigin();
    relay = await startProcessRelay();
    owner = await relay.person('alice');
    device = await relay.device(owner, 'robot', {
      web: `http://127.0.0.1:${origin.http}`,
      raw: `tcp://127.0.0.1:${origin.tcp}`,
    });
  });

  afterAll(async () => {
    report('in the end');
    await relay.close();
    await origin.program.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function memory() {
    return { relay: relay.program.memory(), agent: device.agent.memory() };
  }

  function report(when: string): void {
    const { relay: ofRelay, agent } = memory();
    const line = `relay ${ofRelay.now} MiB (peak ${ofRelay.peak}), agent ${agent.now} MiB (peak ${agent.peak})`;
    process.stdout.write(`memory ${when}: ${line}\n`);
  }

  function expectBounded(when: string): void {
    report(when);
    expect(memory().relay.peak).toBeLessThan(MEMORY_MAX_MIB);
    expect(memory().agent.peak).toBeLessThan(MEMORY_MAX_MIB);
  }

  function visit(path: string, args: readonly string[] = []) {
    return relay.visit(HOST, path, ['-H', `Authorization: Bearer ${owner.token}`, ...args]);
  }

  async function seen(): Promise<{ open: number; aborted: number; bytesOut: number; events: number }> {
    return JSON.parse((await visit('/seen')).body);
  }

  it.each(['--http1.1', '--http2'])('a gigabyte comes down (%s)', { timeout: 180_000 }, async (version) => {
    const answer = await visit(`/bytes/${GIGABYTE}`, [version, '-o', '/dev/null']);
    expect(answer).toMatchObject({ exit: 0, status: 200, downloaded: GIGABYTE });
    expect(answer.version).toBe(version === '--http2' ? '2' : '1.1');
    expectBounded(`after 1 GB down ${version}`);
  });

  it.each(['--http1.1', '--http2'])('a gigabyte goes up (%s)', { timeout: 180_000 }, async (version) => {
    const file = join(folder, 'gigabyte');
    await writeFile(file, '');
    await truncate(file, GIGABYTE);
    const answer = await visit('/count', [version, '-T', file]);
    expect(answer).toMatchObject({ exit: 0, status: 200, uploaded: GIGABYTE });
    expect(JSON.parse(answer.body)).toMatchObject({ bytes: GIGABYTE });
    expectBounded(`after 1 GB up ${version}`);
  });

  it('what comes down in pieces is what was there', async () => {
    const size = 30_000_001;
    const whole = join(folder, 'whole');
    const resumed = join(folder, 'resumed');
    expect((await visit(`/bytes/${size}`, ['-o', whole])).exit).toBe(0);
    const half = await visit(`/bytes/${size}`, ['-r', '0-14999999', '-o', resumed]);
    expect(half).toMatchObject({ status: 206, downloaded: 15_000_000 });
    const rest = await visit(`/bytes/${size}`, ['-C', '-', '-o', resumed]);
    expect(rest).toMatchObject({ status: 206, downloaded: size - 15_000_000 });
    expect(await digest(resumed)).toBe(await digest(whole));
    const head = await visit(`/bytes/${size}`, ['-I']);
    expect(head.headers['content-length']).toEqual([String(size)]);
  });

  it('a chunked upload of unknown length arrives whole', async () => {
    const file = join(folder, 'chunked');
    await visit('/bytes/20000003', ['-o', file]);
    const answer = await visit('/count', [
      '--http1.1',
      '-H',
      'Transfer-Encoding: chunked',
      '-H',
      'Expect: 100-continue',
      '-H',
      'X-Hash: 1',
      '-T',
      file,
    ]);
    expect(JSON.parse(answer.body)).toMatchObject({ bytes: 20_000_003, sha256: await digest(file) });
  });

  it('a reader that stops is waited for, and others are served meanwhile', { timeout: 60_000 }, async () => {
    const before = memory();
    const { open } = await seen();
    const readers: RunningProgram[] = [];
    for (const version of ['--http1.1', '--http2', '--http1.1', '--http2']) {
      readers.push(await stoppedReader(version, `/bytes/${GIGABYTE}`));
    }
    // Once every buffer on the way is full the origin cannot go on.
    await until(async () => {
      const { bytesOut } = await seen();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return (await seen()).bytesOut === bytesOut;
    });
    const others = await Promise.all([...Array(20).keys()].map(() => visit('/bytes/100000')));
    expect(others.map(({ downloaded }) => downloaded)).toEqual(Array(20).fill(100_000));
    expectBounded(`with ${readers.length} readers that stopped`);
    expect(memory().relay.now - before.relay.now).toBeLessThan(100);
    for (const reader of readers) await reader.stop('SIGKILL');
    // Their requests end at the origin too: nothing waits for who is gone.
    await until(async () => (await seen()).open === open);
  });

  it('who leaves in the middle of an upload ends it at the device', async () => {
    const { aborted, open } = await seen();
    const upload = startProgram('curl', [
      ...curlTo(),
      '-T',
      '/dev/zero',
      `https://${HOST}:${relay.ports.https}/count`,
    ]);
    await until(async () => (await seen()).open === open + 1);
    await upload.stop('SIGKILL');
    await until(async () => (await seen()).aborted === aborted + 1);
  });

  it('an origin that dies in the middle is no whole answer', async () => {
    const other = await startOrigin();
    const doomed = await relay.device(owner, 'doomed', { web: `http://127.0.0.1:${other.http}` });
    const auth = ['-H', `Authorization: Bearer ${owner.token}`];
    for (const version of ['--http1.1', '--http2']) {
      const running = version === '--http1.1' ? other : await restarted();
      const answer = relay.visit('web--doomed.home.localhost', `/bytes/${GIGABYTE}`, [
        ...auth,
        version,
        '--limit-rate',
        '20M',
        '-o',
        '/dev/null',
      ]);
      await until(async () => (await originRequests(running)) > 0);
      await running.program.stop('SIGKILL');
      const cut = await answer;
      expect(cut.exit, cut.error).not.toBe(0);
      expect(cut.downloaded).toBeLessThan(GIGABYTE);
      const gone = await relay.visit('web--doomed.home.localhost', '/', auth);
      expect([gone.status, JSON.parse(gone.body).code]).toEqual([502, 'service_unreachable']);
    }
    await doomed.agent.stop();

    async function restarted(): Promise<Origin> {
      const again = await startOrigin();
      // The running agent takes the new target over.
      const { code } = await doomed.command(['expose', 'web', `http://127.0.0.1:${again.http}`]);
      expect(code).toBe(0);
      return again;
    }
  });

  it('a hundred requests at once are all answered', async () => {
    for (const version of ['--http1.1', '--http2']) {
      const urls = [...Array(100).keys()].map(
        (i) => `https://${HOST}:${relay.ports.https}/bytes/${i * 1000}`,
      );
      const run = startProgram('curl', [
        ...curlTo(),
        version,
        '--no-progress-meter',
        '--parallel',
        '--parallel-immediate',
        '--parallel-max',
        '100',
        '-w',
        '{"status":%{http_code},"size":%{size_download}}\\n',
        ...urls.flatMap((url) => ['-o', '/dev/null', url]),
      ]);
      expect(await run.ended).toEqual({ code: 0, signal: null });
      const answers = run.lines.map((line) => JSON.parse(line));
      expect(answers.every(({ status }) => status === 200)).toBe(true);
      expect(answers.map(({ size }) => size).sort((a, b) => a - b)).toEqual(
        [...Array(100).keys()].map((i) => i * 1000),
      );
    }
    expectBounded('after 200 requests at once');
  });

  it('events come one by one until the reader leaves', async () => {
    const { open } = await seen();
    const reader = startProgram('curl', [...curlTo(), '-N', `https://${HOST}:${relay.ports.https}/events`]);
    await until(() => Promise.resolve(reader.lines.includes('data: 40')));
    await reader.stop();
    await until(async () => (await seen()).open === open);
  });

  it('a WebSocket carries messages both ways for a while, next to a download', async () => {
    await owner.api('PATCH', `/api/devices/${device.id}/services/web`, { access: 'public' });
    const socket = await openWebSocket({ port: relay.ports.http, host: HOST, path: '/ws' });
    const download = visit('/bytes/200000000', ['-o', '/dev/null']);
    const sizes = [0, 1, 125, 126, 65_535, 65_536, 1_000_000];
    for (let round = 0; round < 30; round += 1) {
      const sent = Buffer.alloc(sizes[round % sizes.length] ?? 0, round);
      expect((await socket.ask(sent)).equals(sent)).toBe(true);
    }
    expect(await socket.close(4001)).toBe(4001);
    expect((await download).downloaded).toBe(200_000_000);
    await owner.api('PATCH', `/api/devices/${device.id}/services/web`, { access: 'login' });
  });

  it('a forward carries bytes both ways, with half-close', async () => {
    const opened = await owner.api('POST', `/api/devices/${device.id}/forwards`, { service: 'raw' });
    expect(opened.status).toBe(201);
    const { port } = JSON.parse(opened.body);
    const size = 40_000_000;
    // The device answers only after the end of what it is sent: TCP's half-close must get through.
    const client = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.end(Buffer.alloc(size, 7));
    let back = 0;
    for await (const part of client) back += (part as Buffer).length;
    expect(back).toBe(size);
    expectBounded('after a forward of 40 MB each way');
  });

  /** A curl that reads its first megabyte and then nothing more. */
  async function stoppedReader(version: string, path: string): Promise<RunningProgram> {
    const { open } = await seen();
    const reader = startProgram('curl', [
      ...curlTo(),
      version,
      '-N',
      '-o',
      '/dev/null',
      '--limit-rate',
      '1M',
      `https://${HOST}:${relay.ports.https}${path}`,
    ]);
    await until(async () => (await seen()).open > open);
    process.kill(reader.pid, 'SIGSTOP');
    return reader;
  }

  function curlTo(): string[] {
    return [
      '-q',
      '-sS',
      '--noproxy',
      '*',
      '--cacert',
      relay.caFile,
      '--resolve',
      `${HOST}:${relay.ports.https}:127.0.0.1`,
      '-H',
      `Authorization: Bearer ${owner.token}`,
    ];
  }
});

async function originRequests(origin: Origin): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${origin.http}/seen`);
  const { bytesOut } = (await answer.json()) as { bytesOut: number };
  return bytesOut;
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
