import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestRelay, type TestDevice, type TestRelay } from '@porchlight/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Finding, runDoctor } from './doctor.ts';

let relay: TestRelay;
let device: TestDevice;
let origin: http.Server;
let folder: string;
let file: string;
let good: string;

beforeAll(async () => {
  origin = http.createServer((_req, res) => res.end());
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  relay = await startTestRelay();
  const owner = await relay.person('alice');
  const { port } = origin.address() as AddressInfo;
  device = await relay.device(owner, 'robot', { web: `http://127.0.0.1:${port}` });
  folder = device.dataFolder;
  file = join(folder, 'agent.yaml');
});

afterAll(async () => {
  await relay.close();
  origin.close();
});

beforeEach(() => {
  good = readFileSync(file, 'utf8');
});

afterEach(() => writeFileSync(file, good));

async function examine(dataFolder = folder): Promise<Map<string, Finding>> {
  const findings = new Map<string, Finding>();
  for await (const finding of runDoctor({ dataFolder, environment: {} })) {
    // Of several alike the first failure counts.
    if (findings.get(finding.what)?.result !== 'failed') findings.set(finding.what, finding);
  }
  return findings;
}

const failed = (findings: Map<string, Finding>): string[] =>
  [...findings.values()].filter(({ result }) => result === 'failed').map(({ what }) => what);

describe('the doctor', () => {
  it('finds nothing wrong where nothing is, and leaves no trace at the relay', async () => {
    const findings = await examine();
    expect(failed(findings)).toEqual([]);
    expect([...findings.keys()]).toEqual(
      expect.arrayContaining([
        'cipher',
        'configuration',
        'key',
        'policy',
        'service web',
        'relay over https',
        'way to the relay by ssh',
        'way to the relay by https',
        'way to the relay by websocket',
        'agent',
      ]),
    );
    expect(findings.get('agent')?.detail).toContain('link up by ssh');
    expect(findings.get('key')?.detail).toMatch(/^SHA256:/);
    expect([...relay.relay.links.all()]).toHaveLength(1);
  });

  it('names a local server that is down, and how to mend it', async () => {
    writeFileSync(file, good.replace(/target: .*/, 'target: tcp://127.0.0.1:1'));
    const findings = await examine();
    expect(failed(findings)).toEqual(['service web']);
    expect(findings.get('service web')).toMatchObject({
      detail: expect.stringContaining('tcp://127.0.0.1:1 does not accept connections'),
      hint: expect.stringContaining('start the program there'),
    });
  });

  it('names a broken configuration with its line, and goes on', async () => {
    writeFileSync(file, `${good}nonsense: 1\n`);
    const findings = await examine();
    expect(findings.get('configuration')).toMatchObject({ result: 'failed' });
    expect(findings.get('configuration')?.detail).toContain('agent.yaml line');
    expect(findings.has('policy')).toBe(true);
    // Nothing is said of a relay that cannot be known.
    expect(findings.has('relay')).toBe(false);
    expect(findings.get('agent')?.result).toBe('ok');
  });

  it('names each error of the policy, and a section for no service', async () => {
    const policy = join(folder, 'policy');
    writeFileSync(policy, 'service web\n  alow GET /\n');
    expect((await examine()).get('policy')).toMatchObject({
      result: 'failed',
      detail: expect.stringContaining('line 2'),
    });
    writeFileSync(policy, 'service wbe\n  default deny\n');
    const findings: Finding[] = [];
    for await (const finding of runDoctor({ dataFolder: folder, environment: {} })) findings.push(finding);
    expect(findings).toContainEqual(
      expect.objectContaining({
        result: 'warning',
        what: 'policy',
        detail: expect.stringContaining('"wbe"'),
      }),
    );
    writeFileSync(policy, '');
    chmodSync(policy, 0o666);
    expect((await examine()).get('policy')?.detail).toContain('everybody may write');
    rmSync(policy);
  });

  it('shows both keys when the relay has another than the pinned one', async () => {
    const pinned = `SHA256:${'A'.repeat(43)}`;
    writeFileSync(file, good.replace(/hostKey: .*/, `hostKey: ${pinned}`));
    const findings = await examine();
    expect(findings.get('host key')).toMatchObject({ result: 'failed' });
    expect(findings.get('host key')?.detail).toContain(pinned);
    expect(findings.get('host key')?.detail).toContain(relay.relay.facts.hostKeyFingerprint);
    expect(failed(findings)).toContain('way to the relay by ssh');
  });

  it('tells which ways are closed', async () => {
    writeFileSync(file, good.replace(/ssh: .*/, 'ssh: localhost:1'));
    const findings = await examine();
    expect(failed(findings)).toEqual(['way to the relay by ssh']);
    expect(findings.get('way to the relay by websocket')?.result).toBe('ok');
  });

  it("knows something else on the relay's SSH port", async () => {
    const other = net.createServer((socket) => socket.end('220 mail.test ESMTP\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    writeFileSync(file, good.replace(/ssh: .*/, `ssh: 127.0.0.1:${port}`));
    const finding = (await examine()).get('way to the relay by ssh');
    expect(finding).toMatchObject({
      result: 'failed',
      detail: expect.stringContaining('no SSH server answers there'),
    });
    other.close();
  });

  it('says that the relay is away', async () => {
    writeFileSync(
      file,
      good.replace(/https: .*/, 'https: http://localhost:1').replace(/ssh: .*/, 'ssh: localhost:1'),
    );
    const findings = await examine();
    expect(failed(findings)).toEqual(
      expect.arrayContaining([
        'relay over https',
        'way to the relay by ssh',
        'way to the relay by websocket',
      ]),
    );
    expect(findings.get('relay over https')?.hint).toContain('check the address');
  });

  it('says that the authority of the relay is gone', async () => {
    writeFileSync(file, good.replace(/( *)hostKey: (.*)/, '$1hostKey: $2\n$1ca: lost.pem'));
    const findings = await examine();
    expect(failed(findings)).toContain('authority of the relay');
    expect(findings.has('agent')).toBe(true);
  });

  it('says that the device is paused, and that no agent runs', async () => {
    await device.agent.setPaused(true);
    expect((await examine()).get('agent')).toMatchObject({
      result: 'failed',
      detail: expect.stringContaining('paused'),
    });
    await device.agent.setPaused(false);
    await device.stop();
    expect((await examine()).get('agent')).toMatchObject({
      result: 'failed',
      detail: expect.stringContaining('no agent runs'),
    });
    await device.start();
  });

  it('begins with joining on a machine that has not', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'porchlight-doctor-'));
    const findings = await examine(empty);
    expect(findings.get('relay')).toMatchObject({
      result: 'failed',
      hint: expect.stringContaining('agent join'),
    });
    expect(readdirSync(empty)).toEqual([]);
    rmSync(empty, { recursive: true });
  });
});
